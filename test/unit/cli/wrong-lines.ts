/** A command line that is wrong. `@` stands for `--qmp` and `--qga` of a VM that listens, `@qmp` for the first alone. */
export interface WrongLine {
  readonly argv: readonly string[]
  /** What the message has of it: what is wrong, in the words that were typed. */
  readonly names: string
  /** What the message says to do instead. */
  readonly wayOut: RegExp
}

const ALL_VERBS =
  /expected one of map, list, set, guest-set, scale, guest-scale, export, watch, doctor, typegen, schema-diff, completion/
const IDS = /ids are the integers 0 to 65535/
const LIST = /a CPU list is made of ids, ranges and exclusions, as in '0-15,20,\^8'/
const ADDRESS = /stands (before|after) the (port|host), as in localhost:4444/
const COUNT = /expected a whole number from 0 to 65536/
const STATE = /expected on or off/
const MS = /expected a whole number of milliseconds from 1 to 2147483647/
const seeHelp = (verb = ''): RegExp => new RegExp(`see 'qemu-vcpu ${verb === '' ? '' : `${verb} `}--help'`)

/** The words of a line; `''` is an empty one. */
const words = (line: string): readonly string[] => line.split(' ').map((word) => (word === "''" ? '' : word))
const wrong = (line: string, names: string, wayOut: RegExp): WrongLine => ({ argv: words(line), names, wayOut })

export const WRONG_LINES: readonly WrongLine[] = [
  // No verb, or not one.
  wrong('@', 'no verb given', ALL_VERBS),
  wrong('plug 5 @', '"plug"', ALL_VERBS),
  wrong('lsit @', '"lsit"', /did you mean list\?/),
  wrong('MAP @', '"MAP"', ALL_VERBS),
  wrong('maps @', '"maps"', /did you mean map\?/),
  wrong('toString @', '"toString"', ALL_VERBS),
  wrong('__proto__ @', '"__proto__"', ALL_VERBS),
  wrong("'' @", '""', ALL_VERBS),
  wrong('5 on @', '"5"', ALL_VERBS),
  wrong('-5 on @', '"-5"', ALL_VERBS),
  wrong('guest_set 1 on @', '"guest_set"', /did you mean guest-set\?/),
  wrong('help plug', '"plug"', ALL_VERBS),
  wrong('help map list', '"list"', seeHelp()),
  // Options that there are not.
  wrong('map --qpm /x', '"--qpm"', /did you mean --qmp\?/),
  wrong('set 5 on --force @', '"--force"', seeHelp()),
  wrong('map --__proto__ @', '"--__proto__"', seeHelp()),
  wrong('map -x @', '"-x"', seeHelp()),
  wrong('map -j @', '"-j"', seeHelp()),
  wrong('set 5 on --guests @', '"--guests"', /did you mean --guest\?/),
  wrong('scale 4 --dryrun @', '"--dryrun"', /did you mean --dry-run\?/),
  wrong('map --timout 5 @', '"--timout"', /did you mean --timeout\?/),
  wrong('watch --shared @', '"--shared"', /did you mean --share\?/),
  // Options of another verb.
  wrong('map --whole-slot @', '--whole-slot', seeHelp('map')),
  wrong('list --guest @', '--guest', seeHelp('list')),
  wrong('watch --dry-run @', '--dry-run', seeHelp('watch')),
  wrong('doctor --policy lowest @', '--policy', seeHelp('doctor')),
  wrong('guest-set 1 on --rollback @', '--rollback', seeHelp('guest-set')),
  wrong('guest-scale 2 --guest @', '--guest', seeHelp('guest-scale')),
  wrong('scale 4 --apply x @', '--apply', seeHelp('scale')),
  wrong('set 5 on --share @', '--share', seeHelp('set')),
  wrong('set 5 on --dry-run @', '--dry-run', seeHelp('set')),
  // Values that are missing, or not wanted.
  wrong('map --qmp', '--qmp', /--qmp PATH\|HOST:PORT/),
  wrong('map --qmp --qga /x', '--qmp', /--qmp PATH\|HOST:PORT/),
  wrong('map @qmp --qga', '--qga', /--qga PATH\|HOST:PORT/),
  wrong('map @ --timeout', '--timeout', /--timeout MS/),
  wrong('scale 4 @ --policy', '--policy', /--policy POLICY/),
  wrong('map @ --svg', '--svg', /--svg FILE/),
  wrong('list --svg x @', '--svg', seeHelp('list')),
  wrong('export @ --apply', '--apply', /--apply FILE/),
  wrong('map --via', '--via', /--via COMMAND/),
  wrong('set 5 on --whole-slot=yes @', '"yes"', seeHelp()),
  wrong('map --json=1 @', '"1"', seeHelp()),
  wrong('watch --share=no @', '"no"', seeHelp()),
  // Operands.
  wrong('set @', 'IDS is missing', seeHelp('set')),
  wrong('set 5 @', 'on|off is missing', seeHelp('set')),
  wrong('set on 5 @', '"on"', IDS),
  wrong('set 5 on 6 @', '"6"', seeHelp('set')),
  wrong('set 5 6 on @', '"on"', seeHelp('set')),
  wrong('guest-set @', 'IDS is missing', seeHelp('guest-set')),
  wrong('guest-set 1 @', 'on|off is missing', seeHelp('guest-set')),
  wrong('scale @', 'N is missing', seeHelp('scale')),
  wrong('scale 4 5 @', '"5"', seeHelp('scale')),
  wrong('guest-scale @', 'N is missing', seeHelp('guest-scale')),
  wrong('map 0 @', '"0"', seeHelp('map')),
  wrong('list -1 @', '"-1"', seeHelp('list')),
  wrong('watch 5 @', '"5"', seeHelp('watch')),
  wrong('doctor now @', '"now"', seeHelp('doctor')),
  wrong('export layout.json @', '"layout.json"', seeHelp('export')),
  wrong('typegen a b @', '"b"', seeHelp('typegen')),
  wrong('schema-diff @', 'A is missing', seeHelp('schema-diff')),
  wrong('schema-diff a b c @', '"c"', seeHelp('schema-diff')),
  wrong('schema-diff a', 'B is missing', seeHelp('schema-diff')),
  wrong('map -- --qmp @', '"--qmp"', seeHelp('map')),
  // Ids.
  wrong('set -1 on @', '"-1"', IDS),
  wrong('set -12 on @', '"-12"', IDS),
  wrong('set 1.5 on @', '"1.5"', IDS),
  wrong('set 5.0 on @', '"5.0"', IDS),
  wrong('set 0x5 on @', '"0x5"', IDS),
  wrong('set 1e1 on @', '"1e1"', IDS),
  wrong('set +5 on @', '"+5"', IDS),
  wrong("set '' on @", '""', IDS),
  wrong('set five on @', '"five"', IDS),
  wrong('set vcpu5 on @', '"vcpu5"', IDS),
  wrong('set 65536 on @', '"65536"', IDS),
  wrong('set 99999999999999999999 on @', '"99999999999999999999"', IDS),
  wrong('set ٥ on @', '"\\u0665"', IDS),
  wrong('guest-set -1 off @', '"-1"', IDS),
  wrong('guest-set 0x1 off @', '"0x1"', IDS),
  wrong('guest-set NaN off @', '"NaN"', IDS),
  // Lists of ids.
  wrong('set 5-3 on @', '5-3', /a range begins with its smaller id, as in '3-5'/),
  wrong('set 5,^5 on @', '"5,^5"', /excludes every CPU/),
  wrong('set 5, on @', '5,', LIST),
  wrong('set ,5 on @', ',5', LIST),
  wrong('set 5,,6 on @', '5,,6', LIST),
  wrong('set 5;6 on @', '"5;6"', IDS),
  wrong('set 1-70000 on @', '70000', /65535/),
  wrong('set 5- on @', '5-', LIST),
  wrong('set ^5 on @', '"^5"', /excludes every CPU/),
  wrong('guest-set 5-7x on @', '5-7x', LIST),
  wrong('guest-set 1,a on @', '"1,a"', LIST),
  // States, counts, levels, policies.
  wrong('set 5 ON @', '"ON"', STATE),
  wrong('set 5 true @', '"true"', STATE),
  wrong("set 5 '' @", '""', STATE),
  wrong('guest-set 5 1 @', '"1"', STATE),
  wrong('guest-set 5 offline @', '"offline"', STATE),
  wrong('scale -1 @', '"-1"', COUNT),
  wrong('scale 4.5 @', '"4.5"', COUNT),
  wrong('scale all @', '"all"', COUNT),
  wrong('scale 70000 @', '"70000"', COUNT),
  wrong('scale +1 @', '"+1"', COUNT),
  wrong('guest-scale -1 @', '"-1"', COUNT),
  wrong('guest-scale 0x2 @', '"0x2"', COUNT),
  wrong('set 5 on --guest --confidence sure @', '"sure"', /expected one of exact, observed, computed, assumed/),
  wrong('scale 4 --policy spread @', '"spread"', /expected one of lowest, spread-nodes, spread-sockets/),
  // What goes with what.
  wrong('set 5 on --rollback @', '--rollback', /requires --guest/),
  wrong('set 5 on --confidence exact @', '--confidence', /requires --guest/),
  wrong('set 5 on --guest @qmp', 'set --guest', /give its channel with --qga/),
  wrong('scale 4 --guest @qmp', 'scale --guest', /give its channel with --qga/),
  wrong('guest-set 1 on @qmp', 'guest-set', /give its channel with --qga/),
  wrong('guest-scale 2 @qmp', 'guest-scale', /give its channel with --qga/),
  wrong('typegen --guest @', '--guest', seeHelp('typegen')),
  wrong('schema-diff a b --svg x @', '--svg', seeHelp('schema-diff')),
  wrong('map --via x @', '--via and --qmp', /give one/),
  // Where the VM is.
  wrong('map', 'map needs --qmp', /--qmp PATH\|HOST:PORT \(or QEMU_VCPU_QMP\)/),
  wrong('set 5 on', 'set needs --qmp', /--qmp PATH\|HOST:PORT/),
  wrong('typegen', 'typegen needs --qmp', /--qmp PATH\|HOST:PORT/),
  wrong('schema-diff :1 x', '":1"', ADDRESS),
  wrong('watch --json', 'watch needs --qmp', /--qmp PATH\|HOST:PORT/),
  wrong("map --qmp ''", '""', /1 to 107|expected|at least|between/),
  wrong('map --qmp :4444', '":4444"', ADDRESS),
  wrong('map --qmp localhost:', '"localhost:"', ADDRESS),
  wrong('map --qmp localhost:99999', '99999', /1 to 65535|expected/),
  wrong('map --qmp localhost:0', '0', /1 to 65535|expected/),
  wrong('map --qmp unix:', 'unix:', /expected|bytes/),
  wrong('map --qmp tcp:localhost', 'tcp:localhost', /expected/),
  wrong(`map --qmp /${'x'.repeat(200)}`, '201 bytes', /107|at most/),
  wrong('map @qmp --qga :1', '":1"', ADDRESS),
  { argv: ['map', '--via', ' '], names: '--via is empty', wayOut: /expected a command/ },
  // Times, files, shells.
  wrong('map --timeout 0 @', '"0"', MS),
  wrong('map --timeout -5 @', '"-5"', MS),
  wrong('map --timeout 1.5 @', '"1.5"', MS),
  wrong('map --timeout 5s @', '"5s"', MS),
  wrong("map --timeout '' @", '""', MS),
  wrong('map --timeout 2147483648 @', '"2147483648"', MS),
  wrong('map --timeout 1e3 @', '"1e3"', MS),
  wrong('export --apply /nonexistent/layout.json @', '"/nonexistent/layout.json"', seeHelp('export')),
  wrong('export --apply /dev/null @', '"/dev/null"', /expected what export --json prints/),
  wrong('typegen /nonexistent/schema.json', '"/nonexistent/schema.json"', seeHelp('typegen')),
  wrong('typegen /dev/null', '"/dev/null"', /as typegen --json prints it/),
  wrong('schema-diff /dev/null /dev/null', '"/dev/null"', /as typegen --json prints it/),
  wrong('completion', 'the shell is missing', /expected one of bash, zsh, fish/),
  wrong('completion csh', '"csh"', /expected one of bash, zsh, fish/),
  wrong('completion bash x', '"x"', seeHelp()),
]
