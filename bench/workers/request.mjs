/** The worker's argument, and its result for the process that started it. */
export const request = () => JSON.parse(process.argv[2])
export const answer = (result) => process.stdout.write(JSON.stringify(result))
