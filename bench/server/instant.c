/*
 * A monitor, and a guest agent, that answers at once with what it was given, so that only the client's own cost shows.
 *
 *   instant SOCKET REPLIES
 *
 * REPLIES is a directory: the file COMMAND holds what `return` is answered with; `{}` where there is none. It reads JSON as a
 * stream, as QEMU does (a client may leave out the line end), answers each command by itself, and writes in pieces of 64 KiB.
 * Any number of clients, one thread. Prints "ready" when it listens; ends when its standard input does.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PIECE = 64 * 1024, MAX_CLIENTS = 8192, MAX_COMMAND = 8192 };

struct client {
  char in[MAX_COMMAND];
  size_t length;
  int depth;
  int quoted;
  int escaped;
  char *out;
  size_t out_length, out_at, out_room;
};

struct reply {
  char command[64];
  char *text;
  size_t length;
  struct reply *next;
};

static const char greeting[] =
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 0, \"major\": 10}, \"package\": \"\"}, "
    "\"capabilities\": [\"oob\"]}}\r\n";

static struct pollfd polled[MAX_CLIENTS + 2];
static struct client *clients[MAX_CLIENTS + 2];
static struct reply *replies;
static const char *directory;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static struct reply *reply_to(const char *command) {
  for (struct reply *known = replies; known; known = known->next)
    if (strcmp(known->command, command) == 0) return known;
  struct reply *made = calloc(1, sizeof *made);
  snprintf(made->command, sizeof made->command, "%s", command);
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", directory, command);
  FILE *file = strchr(command, '/') ? NULL : fopen(path, "r");
  if (file) {
    fseek(file, 0, SEEK_END);
    made->length = ftell(file);
    rewind(file);
    made->text = malloc(made->length + 1);
    if (fread(made->text, 1, made->length, file) != made->length) die(path);
    fclose(file);
  } else {
    made->text = strdup("{}");
    made->length = 2;
  }
  made->next = replies;
  replies = made;
  return made;
}

static void put(struct client *c, const char *text, size_t length) {
  if (c->out_length + length > c->out_room) {
    c->out_room = (c->out_length + length) * 2;
    c->out = realloc(c->out, c->out_room);
  }
  memcpy(c->out + c->out_length, text, length);
  c->out_length += length;
}

/* 1: all is written; 0: the socket is full; -1: the client has gone. */
static int flush(int fd, struct client *c) {
  while (c->out_at < c->out_length) {
    size_t left = c->out_length - c->out_at;
    ssize_t n = write(fd, c->out + c->out_at, left < PIECE ? left : PIECE);
    if (n < 0 && errno == EAGAIN) return 0;
    if (n < 0) return -1;
    c->out_at += n;
  }
  c->out_at = c->out_length = 0;
  return 1;
}

/* The value of the last member of that name, as it is written: a number, a word or a string. */
static size_t scalar_of(const char *in, const char *name, const char **value) {
  const char *at = NULL;
  for (const char *next = strstr(in, name); next; next = strstr(next + 1, name)) at = next;
  if (!at) return 0;
  at += strlen(name);
  while (*at == ' ' || *at == ':') at++;
  *value = at;
  return *at == '"' ? (size_t)(strchr(at + 1, '"') - at + 1) : strcspn(at, ",} \r\n");
}

static int answer(int fd, struct client *c) {
  const char *command, *id;
  char name[64] = "";
  c->in[c->length] = 0;
  size_t length = scalar_of(c->in, "\"execute\"", &command);
  if (length > 2 && length - 2 < sizeof name) memcpy(name, command + 1, length - 2);
  size_t id_length = scalar_of(c->in, "\"id\"", &id);
  if (strncmp(name, "guest-sync", 10) == 0) {
    if (strcmp(name, "guest-sync-delimited") == 0) put(c, "\xff", 1);
    put(c, "{\"return\": ", 11);
    put(c, id, id_length);
    put(c, "}\n", 2);
    return flush(fd, c);
  }
  struct reply *reply = reply_to(name);
  put(c, "{\"return\": ", 11);
  put(c, reply->text, reply->length);
  if (id_length) {
    put(c, ", \"id\": ", 8);
    put(c, id, id_length);
  }
  put(c, "}\r\n", 3);
  return flush(fd, c);
}

static int take(int fd, struct client *c, const char *bytes, ssize_t count) {
  for (ssize_t i = 0; i < count; i++) {
    char byte = bytes[i];
    if (c->depth == 0 && byte != '{') continue;
    if (c->length + 1 >= MAX_COMMAND) return -1;
    c->in[c->length++] = byte;
    if (c->escaped) c->escaped = 0;
    else if (c->quoted) {
      if (byte == '\\') c->escaped = 1;
      else if (byte == '"') c->quoted = 0;
    } else if (byte == '"') c->quoted = 1;
    else if (byte == '{' || byte == '[') c->depth++;
    else if ((byte == '}' || byte == ']') && --c->depth == 0) {
      if (answer(fd, c) < 0) return -1;
      c->length = 0;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  if (argc != 3) return 2;
  directory = argv[2];
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[1]);
  if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 4096) < 0) die(argv[1]);
  /* SOCKET.qga is the agent's: it does not greet. */
  int agent = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
  snprintf(address.sun_path, sizeof address.sun_path, "%s.qga", argv[1]);
  if (bind(agent, (struct sockaddr *)&address, sizeof address) < 0 || listen(agent, 4096) < 0) die(address.sun_path);
  puts("ready");
  fflush(stdout);

  polled[0] = (struct pollfd){.fd = listener, .events = POLLIN};
  polled[1] = (struct pollfd){.fd = agent, .events = POLLIN};
  polled[2] = (struct pollfd){.fd = 0, .events = POLLIN};
  int count = 3;
  static char bytes[PIECE];
  for (;;) {
    if (poll(polled, count, -1) < 0 && errno != EINTR) die("poll");
    if (polled[2].revents) return 0;
    for (int i = 3; i < count; i++) {
      if (!polled[i].revents) continue;
      int fd = polled[i].fd;
      struct client *c = clients[i];
      int status = 1;
      if (polled[i].revents & POLLOUT) status = flush(fd, c);
      if (status >= 0 && (polled[i].revents & (POLLIN | POLLHUP | POLLERR))) {
        ssize_t n = read(fd, bytes, sizeof bytes);
        status = n > 0 ? take(fd, c, bytes, n) : n < 0 && errno == EAGAIN ? 0 : -1;
      }
      if (status < 0) {
        close(fd);
        free(c->out);
        free(c);
        count--;
        polled[i] = polled[count];
        clients[i] = clients[count];
        i--;
      } else {
        polled[i].events = c->out_length > c->out_at ? POLLIN | POLLOUT : POLLIN;
      }
    }
    for (int which = 0; which < 2; which++) {
      if (!polled[which].revents) continue;
      int fd;
      while (count < MAX_CLIENTS && (fd = accept4(polled[which].fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        polled[count] = (struct pollfd){.fd = fd, .events = POLLIN};
        clients[count] = calloc(1, sizeof(struct client));
        if (which == 0 && write(fd, greeting, sizeof greeting - 1) < 0) die("greeting");
        count++;
      }
    }
  }
}
