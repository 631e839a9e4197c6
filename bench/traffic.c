/*
 * The traffic of bench/dataplane.ts. One thread, one request of one byte and one answer of one byte a connection.
 *
 *   traffic serve PORT                           takes connections on every address until it is killed
 *   traffic connect COUNT SECONDS PORT IP...     keeps COUNT connections going, to each address in turn, and prints
 *                                                a line of JSON: how many were answered, and how long they took;
 *                                                the time starts after the first COUNT answers
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
#define MOST_LATENCIES (1 << 22)
#define WARM_UP_NS 5000000000u

struct connection {
  int fd;
  uint64_t startedNs;
};

static struct sockaddr_in *targets;
static int targetCount, nextTarget, epoll;
static uint32_t latenciesNs[MOST_LATENCIES];
static size_t answered, failed;

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

static void start(struct connection *connection) {
  const struct linger reset = {.l_onoff = 1, .l_linger = 0};
  struct sockaddr_in *to = &targets[nextTarget++ % targetCount];
  connection->startedNs = nowNs();
  int fd = connection->fd = check("socket", socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  check("linger", setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
  /* Without a free port the figures would mean nothing, so this ends the run. */
  if (connect(fd, (struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS) check("connect", -1);
  watch(fd, EPOLLIN | EPOLLOUT, (epoll_data_t){.ptr = connection});
}

/* Returns whether the connection has come to its end. */
static int advance(struct connection *connection, uint32_t events) {
  char byte;
  int isSound = !(events & (EPOLLERR | EPOLLHUP));
  if (isSound && !(events & EPOLLIN) && write(connection->fd, "?", 1) == 1) return 0;
  if (isSound && (events & EPOLLIN) && read(connection->fd, &byte, 1) == 1)
    latenciesNs[answered++ % MOST_LATENCIES] = (uint32_t)(nowNs() - connection->startedNs);
  else
    failed++;
  return 1;
}

static int ascending(const void *a, const void *b) {
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

static void drive(size_t concurrency, double seconds) {
  struct connection *connections = calloc(concurrency, sizeof *connections);
  struct epoll_event events[EVENTS];
  uint64_t lengthNs = (uint64_t)(seconds * 1e9), startedNs = nowNs(), endNs = startedNs + WARM_UP_NS, now;
  int isWarm = 0;
  for (size_t i = 0; i < concurrency; i++) start(&connections[i]);
  while ((now = nowNs()) < endNs) {
    int count = epoll_wait(epoll, events, EVENTS, (int)((endNs - now) / 1000000) + 1);
    for (int i = 0; i < count; i++) {
      struct connection *connection = events[i].data.ptr;
      if (!advance(connection, events[i].events)) continue;
      close(connection->fd);
      start(connection);
    }
    if (isWarm || answered < concurrency) continue;
    isWarm = 1;
    answered = 0;
    startedNs = nowNs();
    endNs = startedNs + lengthNs;
  }
  if (!isWarm) answered = 0;
  size_t kept = answered < MOST_LATENCIES ? answered : MOST_LATENCIES;
  qsort(latenciesNs, kept, sizeof *latenciesNs, ascending);
  printf("{\"answered\":%zu,\"failed\":%zu,\"seconds\":%.6f,\"p50Ns\":%u,\"p99Ns\":%u}\n", answered, failed,
         (double)(now - startedNs) / 1e9, latenciesNs[kept / 2], latenciesNs[kept * 99 / 100]);
}

int main(int argc, char **argv) {
  epoll = check("epoll_create1", epoll_create1(0));
  if (argc == 3 && !strcmp(argv[1], "serve")) serve(argv[2]);
  if (argc < 6 || strcmp(argv[1], "connect")) return 2;
  targetCount = argc - 5;
  targets = calloc((size_t)targetCount, sizeof *targets);
  for (int i = 0; i < targetCount; i++) targets[i] = target(argv[5 + i], argv[4]);
  drive((size_t)atoi(argv[2]), atof(argv[3]));
}
