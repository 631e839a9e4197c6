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
#include "paths.h"

#define MOST_LATENCIES (1 << 20)
#define PATIENCE_NS 5000000000u

struct record {
  size_t answered, failed;
  size_t *answeredInTurn;
  double *secondsOfTurn;
  uint32_t *latenciesNs;
};

static struct record records[MOST_PATHS];

struct connection {
  int fd;
  uint64_t startedNs;
};

static void serve(const char *port) {
  struct epoll_event events[EVENTS];
  char byte;
  int listener = listenOn(port);
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
  connection->startedNs = now;
  connection->fd = connectTo(path);
  watch(connection->fd, EPOLLIN | EPOLLOUT, (epoll_data_t){.ptr = connection});
}

/* Returns whether the connection has come to its end. */
static int advance(struct record *record, struct connection *connection, uint32_t events, uint64_t now) {
  char byte;
  int isSound = !(events & (EPOLLERR | EPOLLHUP));
  if (isSound && !(events & EPOLLIN) && write(connection->fd, "?", 1) == 1) return 0;
  if (isSound && (events & EPOLLIN) && read(connection->fd, &byte, 1) == 1)
    record->latenciesNs[record->answered++ % MOST_LATENCIES] = (uint32_t)(now - connection->startedNs);
  else
    record->failed++;
  return 1;
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Every connection that is begun comes to its end within the turn, and all of them count. */
static void takeTurn(struct path *path, struct record *record, int turn, struct connection *connections, size_t concurrency, uint64_t lengthNs) {
  struct epoll_event events[EVENTS];
  size_t active = concurrency, answeredBefore = record->answered;
  uint64_t startedNs = nowNs(), endNs = startedNs + lengthNs, now = startedNs;
  for (size_t i = 0; i < concurrency; i++) start(path, &connections[i], now);
  while (active > 0) {
    int count = check("epoll_wait", epoll_wait(epoll, events, EVENTS, (int)(PATIENCE_NS / 1000000)));
    now = nowNs();
    if (count == 0 && now > endNs) break;
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!advance(record, connection, events[i].events, now)) continue;
      close(connection->fd);
      connection->fd = -1;
      if (now < endNs) start(path, connection, concurrency == 1 ? nowNs() : now);
      else active--;
    }
  }
  for (size_t i = 0; i < concurrency; i++) {
    if (connections[i].fd < 0) continue;
    close(connections[i].fd);
    record->failed++;
  }
  record->answeredInTurn[turn] = record->answered - answeredBefore;
  record->secondsOfTurn[turn] = (double)(now - startedNs) / 1e9;
}

static void report(struct record *record, int turns) {
  size_t kept = record->answered < MOST_LATENCIES ? record->answered : MOST_LATENCIES;
  qsort(record->latenciesNs, kept, sizeof *record->latenciesNs, ascending);
  printf("{\"failed\":%zu,\"p50Ns\":%u,\"p99Ns\":%u,\"turns\":[", record->failed, record->latenciesNs[kept / 2],
         record->latenciesNs[kept * 99 / 100]);
  for (int turn = 0; turn < turns; turn++)
    printf("%s{\"answered\":%zu,\"seconds\":%.6f}", turn > 0 ? "," : "", record->answeredInTurn[turn],
           record->secondsOfTurn[turn]);
  printf("]}");
}

static void drive(size_t concurrency, double seconds, int turns) {
  struct connection *connections = calloc(concurrency, sizeof *connections);
  for (int i = 0; i < pathCount; i++) {
    records[i].answeredInTurn = calloc((size_t)turns, sizeof *records[i].answeredInTurn);
    records[i].secondsOfTurn = calloc((size_t)turns, sizeof *records[i].secondsOfTurn);
    records[i].latenciesNs = calloc(MOST_LATENCIES + 1, sizeof *records[i].latenciesNs);
  }
  for (int turn = 0; turn < turns; turn++)
    for (int i = 0; i < pathCount; i++) {
      /* Back and forth, so that no path is always the one after another. */
      int path = turn % 2 ? pathCount - 1 - i : i;
      takeTurn(&paths[path], &records[path], turn, connections, concurrency, (uint64_t)(seconds * 1e9));
    }
  for (int i = 0; i < pathCount; i++) {
    printf(i > 0 ? "," : "[");
    report(&records[i], turns);
  }
  puts("]");
}

int main(int argc, char **argv) {
  epoll = check("epoll_create1", epoll_create1(0));
  if (argc == 3 && !strcmp(argv[1], "serve")) serve(argv[2]);
  if (argc < 7 || strcmp(argv[1], "connect")) return 2;
  parsePaths(&argv[5], argc - 5);
  drive((size_t)atoi(argv[2]), atof(argv[3]), atoi(argv[4]));
}
