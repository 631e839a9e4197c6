/*
 * The traffic of bench/dataplane.ts. One thread, one request of one byte and one answer of one byte a connection.
 *
 *   traffic serve PORT                    takes connections on every address until it is killed
 *   traffic connect COUNT SECONDS TURNS PORT IP... [/ PORT IP...]...
 *                                         keeps COUNT connections going for so long to one path after the other (to
 *                                         each of its addresses in turn), so many times, and prints a line of JSON:
 *                                         for each path how many were answered in each turn, and how long they took
 *
 * The client closes with a reset, so that no socket is left in TIME_WAIT and its port is free at once.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 256
#define MOST_PATHS 8
#define MOST_LATENCIES (1 << 20)
#define PATIENCE_NS 5000000000u

struct path {
  struct sockaddr_in *targets;
  int targetCount, nextTarget;
  size_t answered, failed;
  size_t *answeredInTurn;
  double *secondsOfTurn;
  uint32_t *latenciesNs;
};

struct connection {
  int fd;
  uint64_t startedNs;
};

static struct path paths[MOST_PATHS];
static int pathCount, epoll;

static int check(const char *what, int result) {
  if (result >= 0) return result;
  perror(what);
  exit(1);
}

static uint64_t nowNs(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static struct sockaddr_in target(const char *ip, const char *port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  check(ip, inet_pton(AF_INET, ip, &address.sin_addr) - 1);
  return address;
}

static void watch(int fd, uint32_t events, epoll_data_t owner) {
  struct epoll_event wanted = {.events = events | EPOLLET, .data = owner};
  check("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &wanted));
}

static void serve(const char *port) {
  struct sockaddr_in address = target("0.0.0.0", port);
  struct epoll_event events[EVENTS];
  char byte;
  int listener = check("socket", socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  check("bind", bind(listener, (struct sockaddr *)&address, sizeof address));
  check("listen", listen(listener, 65535));
  puts("listening");
  fflush(stdout);
  watch(listener, EPOLLIN, (epoll_data_t){.fd = listener});
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd, accepted;
      if (fd != listener) {
        if (read(fd, &byte, 1) != 1 || write(fd, &byte, 1) != 1) close(fd);
        continue;
      }
      while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0)
        watch(accepted, EPOLLIN | EPOLLRDHUP, (epoll_data_t){.fd = accepted});
    }
  }
}

static void start(struct path *path, struct connection *connection, uint64_t now) {
  const struct linger reset = {.l_onoff = 1, .l_linger = 0};
  struct sockaddr_in *to = &path->targets[path->nextTarget++ % path->targetCount];
  connection->startedNs = now;
  int fd = connection->fd = check("socket", socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  check("linger", setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
  /* Without a free port the figures would mean nothing, so this ends the run. */
  if (connect(fd, (struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS) check("connect", -1);
  watch(fd, EPOLLIN | EPOLLOUT, (epoll_data_t){.ptr = connection});
}

/* Returns whether the connection has come to its end. */
static int advance(struct path *path, struct connection *connection, uint32_t events, uint64_t now) {
  char byte;
  int isSound = !(events & (EPOLLERR | EPOLLHUP));
  if (isSound && !(events & EPOLLIN) && write(connection->fd, "?", 1) == 1) return 0;
  if (isSound && (events & EPOLLIN) && read(connection->fd, &byte, 1) == 1)
    path->latenciesNs[path->answered++ % MOST_LATENCIES] = (uint32_t)(now - connection->startedNs);
  else
    path->failed++;
  return 1;
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Every connection that is begun comes to its end within the turn, and all of them count. */
static void takeTurn(struct path *path, int turn, struct connection *connections, size_t concurrency, uint64_t lengthNs) {
  struct epoll_event events[EVENTS];
  size_t active = concurrency, answeredBefore = path->answered;
  uint64_t startedNs = nowNs(), endNs = startedNs + lengthNs, now = startedNs;
  for (size_t i = 0; i < concurrency; i++) start(path, &connections[i], now);
  while (active > 0) {
    int count = check("epoll_wait", epoll_wait(epoll, events, EVENTS, (int)(PATIENCE_NS / 1000000)));
    now = nowNs();
    if (count == 0 && now > endNs) break;
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!advance(path, connection, events[i].events, now)) continue;
      close(connection->fd);
      connection->fd = -1;
      if (now < endNs) start(path, connection, concurrency == 1 ? nowNs() : now);
      else active--;
    }
  }
  for (size_t i = 0; i < concurrency; i++) {
    if (connections[i].fd < 0) continue;
    close(connections[i].fd);
    path->failed++;
  }
  path->answeredInTurn[turn] = path->answered - answeredBefore;
  path->secondsOfTurn[turn] = (double)(now - startedNs) / 1e9;
}

static void report(struct path *path, int turns) {
  size_t kept = path->answered < MOST_LATENCIES ? path->answered : MOST_LATENCIES;
  qsort(path->latenciesNs, kept, sizeof *path->latenciesNs, ascending);
  printf("{\"failed\":%zu,\"p50Ns\":%u,\"p99Ns\":%u,\"turns\":[", path->failed, path->latenciesNs[kept / 2],
         path->latenciesNs[kept * 99 / 100]);
  for (int turn = 0; turn < turns; turn++)
    printf("%s{\"answered\":%zu,\"seconds\":%.6f}", turn > 0 ? "," : "", path->answeredInTurn[turn],
           path->secondsOfTurn[turn]);
  printf("]}");
}

static void drive(size_t concurrency, double seconds, int turns) {
  struct connection *connections = calloc(concurrency, sizeof *connections);
  for (int i = 0; i < pathCount; i++) {
    paths[i].answeredInTurn = calloc((size_t)turns, sizeof *paths[i].answeredInTurn);
    paths[i].secondsOfTurn = calloc((size_t)turns, sizeof *paths[i].secondsOfTurn);
    paths[i].latenciesNs = calloc(MOST_LATENCIES + 1, sizeof *paths[i].latenciesNs);
  }
  for (int turn = 0; turn < turns; turn++)
    for (int i = 0; i < pathCount; i++)
      /* Back and forth, so that no path is always the one after another. */
      takeTurn(&paths[turn % 2 ? pathCount - 1 - i : i], turn, connections, concurrency, (uint64_t)(seconds * 1e9));
  for (int i = 0; i < pathCount; i++) {
    printf(i > 0 ? "," : "[");
    report(&paths[i], turns);
  }
  puts("]");
}

static void addPath(char **words, int count) {
  if (count < 2 || pathCount == MOST_PATHS) exit(2);
  struct path *path = &paths[pathCount++];
  path->targets = calloc((size_t)count - 1, sizeof *path->targets);
  path->targetCount = count - 1;
  for (int i = 1; i < count; i++) path->targets[i - 1] = target(words[i], words[0]);
}

int main(int argc, char **argv) {
  epoll = check("epoll_create1", epoll_create1(0));
  if (argc == 3 && !strcmp(argv[1], "serve")) serve(argv[2]);
  if (argc < 7 || strcmp(argv[1], "connect")) return 2;
  for (int from = 5, i = 5; i <= argc; i++) {
    if (i < argc && strcmp(argv[i], "/")) continue;
    addPath(&argv[from], i - from);
    from = i + 1;
  }
  drive((size_t)atoi(argv[2]), atof(argv[3]), atoi(argv[4]));
}
