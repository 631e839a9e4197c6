/*
 * UDP traffic of bench/soak.ts. One thread.
 *
 *   datagrams serve PORT IP          answers every datagram with itself until it is killed
 *   datagrams ask COUNT PORT IP...   asks COUNT times, each time from another socket, and prints how many were answered
 */
#include "paths.h"

#define LARGEST 65536

static char datagram[LARGEST];

static void serve(const char *port, const char *ip) {
  struct sockaddr_in address = target(ip, port), from;
  int fd = check("socket", socket(AF_INET, SOCK_DGRAM, 0));
  check("bind", bind(fd, (struct sockaddr *)&address, sizeof address));
  puts("listening");
  fflush(stdout);
  for (;;) {
    socklen_t length = sizeof from;
    ssize_t size = recvfrom(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&from, &length);
    if (size >= 0) sendto(fd, datagram, (size_t)size, 0, (struct sockaddr *)&from, length);
  }
}

static void ask(int count) {
  const struct timeval patience = {.tv_sec = 1};
  int answered = 0;
  for (int i = 0; i < count; i++) {
    struct sockaddr_in *to = &paths[0].targets[i % paths[0].targetCount];
    int fd = check("socket", socket(AF_INET, SOCK_DGRAM, 0));
    check("timeout", setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience));
    check("connect", connect(fd, (struct sockaddr *)to, sizeof *to));
    if (send(fd, "question", 8, 0) == 8 && recv(fd, datagram, sizeof datagram, 0) == 8) answered++;
    close(fd);
  }
  printf("%d\n", answered);
}

int main(int argc, char **argv) {
  if (argc == 4 && !strcmp(argv[1], "serve")) serve(argv[2], argv[3]);
  if (argc < 5 || strcmp(argv[1], "ask")) return 2;
  parsePaths(&argv[3], argc - 3);
  ask(atoi(argv[2]));
}
