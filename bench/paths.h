/* What the traffic programs have in common: paths to take in turn, each to some addresses; time; errors. */
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

struct path {
  struct sockaddr_in *targets;
  int targetCount, nextTarget;
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

static int listenOn(const char *port) {
  const int on = 1;
  struct sockaddr_in address = target("0.0.0.0", port);
  int listener = check("socket", socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  check("reuse", setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
  check("bind", bind(listener, (struct sockaddr *)&address, sizeof address));
  check("listen", listen(listener, 65535));
  puts("listening");
  fflush(stdout);
  watch(listener, EPOLLIN, (epoll_data_t){.fd = listener});
  return listener;
}

/* A socket on its way to the next address of the path. It is closed with a reset: its port is free at once. */
static int connectTo(struct path *path) {
  const struct linger reset = {.l_onoff = 1, .l_linger = 0};
  struct sockaddr_in *to = &path->targets[path->nextTarget++ % path->targetCount];
  int fd = check("socket", socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  check("linger", setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset));
  /* Without a free port the figures would mean nothing, so this ends the run. */
  if (connect(fd, (struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS) check("connect", -1);
  return fd;
}

static void addPath(char **words, int count) {
  if (count < 2 || pathCount == MOST_PATHS) exit(2);
  struct path *path = &paths[pathCount++];
  path->targets = calloc((size_t)count - 1, sizeof *path->targets);
  path->targetCount = count - 1;
  for (int i = 1; i < count; i++) path->targets[i - 1] = target(words[i], words[0]);
}

/* PORT IP... [/ PORT IP...]... */
static void parsePaths(char **words, int count) {
  for (int from = 0, i = 0; i <= count; i++) {
    if (i < count && strcmp(words[i], "/")) continue;
    addPath(&words[from], i - from);
    from = i + 1;
  }
}
