/*
 * Bulk traffic of bench/dataplane.ts. One thread.
 *
 *   stream serve PORT                     sends to every connection for as long as it takes it, until it is killed
 *   stream read COUNT SECONDS TURNS PORT IP... [/ PORT IP...]...
 *                                         reads from COUNT connections for so long over one path after the other, so
 *                                         many times, and prints a line of JSON: for each path the bytes of each turn
 *   stream hold COUNT PORT IP...          opens COUNT connections that say nothing, prints "held", and keeps them until
 *                                         it is killed
 *
 * A connection gets nothing before it has sent a byte.
 */
#include "paths.h"

#define CHUNK (256 * 1024)
#define PATIENCE_MS 5000

static char chunk[CHUNK];

static void serve(const char *port) {
  struct epoll_event events[EVENTS];
  int listener = listenOn(port), accepted;
  for (;;) {
    int count = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < count; i++) {
      int fd = events[i].data.fd;
      uint32_t asked = events[i].events;
      if (fd == listener) {
        while ((accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) watch(accepted, EPOLLIN, (epoll_data_t){.fd = accepted});
      } else if (asked & (EPOLLERR | EPOLLHUP)) {
        close(fd);
      } else if ((asked & EPOLLIN) && read(fd, chunk, 1) != 1 && errno != EAGAIN) {
        close(fd);
      } else {
        /* Level-triggered from now on, and one piece a turn: connections share alike. */
        struct epoll_event more = {.events = EPOLLOUT, .data = {.fd = fd}};
        if (asked & EPOLLIN) check("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &more));
        if (write(fd, chunk, sizeof chunk) < 0 && errno != EAGAIN) close(fd);
      }
    }
  }
}

/* Returns the bytes that came in time; 0 if a connection failed. */
static uint64_t takeTurn(struct path *path, int concurrency, double seconds, double *took) {
  struct epoll_event events[EVENTS];
  int *fds = calloc((size_t)concurrency, sizeof *fds), begun = 0, isSound = 1;
  uint64_t bytes = 0, startedNs = 0, endNs = UINT64_MAX, now = nowNs();
  for (int i = 0; i < concurrency; i++) {
    fds[i] = connectTo(path);
    struct epoll_event wanted = {.events = EPOLLOUT, .data = {.fd = fds[i]}};
    check("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &wanted));
  }
  while (now < endNs && isSound) {
    int count = check("epoll_wait", epoll_wait(epoll, events, EVENTS, PATIENCE_MS));
    if (count == 0) isSound = 0;
    for (int i = 0; i < count && isSound; i++) {
      int fd = events[i].data.fd;
      if (events[i].events & EPOLLOUT) {
        struct epoll_event reading = {.events = EPOLLIN, .data = {.fd = fd}};
        isSound = write(fd, "g", 1) == 1;
        check("epoll_ctl", epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &reading));
        continue;
      }
      ssize_t size = read(fd, chunk, sizeof chunk);
      isSound = size > 0;
      /* Time runs once there has been a piece for each of them. */
      if (startedNs > 0) bytes += (uint64_t)size;
      else if (++begun >= concurrency) endNs = (startedNs = nowNs()) + (uint64_t)(seconds * 1e9);
    }
    now = nowNs();
  }
  for (int i = 0; i < concurrency; i++) close(fds[i]);
  free(fds);
  *took = (double)(now - startedNs) / 1e9;
  return isSound ? bytes : 0;
}

static void readAll(int concurrency, double seconds, int turns) {
  uint64_t *bytes = calloc((size_t)(turns * pathCount), sizeof *bytes);
  double *took = calloc((size_t)(turns * pathCount), sizeof *took);
  for (int turn = 0; turn < turns; turn++)
    for (int i = 0; i < pathCount; i++) {
      /* Back and forth, so that no path is always the one after another. */
      int path = turn % 2 ? pathCount - 1 - i : i;
      bytes[path * turns + turn] = takeTurn(&paths[path], concurrency, seconds, &took[path * turns + turn]);
    }
  for (int path = 0; path < pathCount; path++) {
    printf(path > 0 ? "],[" : "[[");
    for (int turn = 0; turn < turns; turn++)
      printf("%s{\"bytes\":%llu,\"seconds\":%.6f}", turn > 0 ? "," : "",
             (unsigned long long)bytes[path * turns + turn], took[path * turns + turn]);
  }
  puts("]]");
}

static void hold(int concurrency) {
  struct epoll_event event;
  for (int i = 0; i < concurrency; i++) {
    int fd = connectTo(&paths[0]);
    watch(fd, EPOLLOUT, (epoll_data_t){.fd = fd});
    if (epoll_wait(epoll, &event, 1, PATIENCE_MS) != 1 || (event.events & (EPOLLERR | EPOLLHUP))) {
      fprintf(stderr, "connection %d failed\n", i + 1);
      exit(1);
    }
  }
  puts("held");
  fflush(stdout);
  for (;;) pause();
}

int main(int argc, char **argv) {
  epoll = check("epoll_create1", epoll_create1(0));
  if (argc == 3 && !strcmp(argv[1], "serve")) serve(argv[2]);
  if (argc >= 5 && !strcmp(argv[1], "hold")) {
    parsePaths(&argv[3], argc - 3);
    hold(atoi(argv[2]));
    return 0;
  }
  if (argc < 7 || strcmp(argv[1], "read")) return 2;
  parsePaths(&argv[5], argc - 5);
  readAll(atoi(argv[2]), atof(argv[3]), atoi(argv[4]));
}
