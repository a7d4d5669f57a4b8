// Loaded before everything else, it moves the wall clock of one program by BAREPLANE_CLOCK, or by the seconds in
// /run/fault/clock. Reaches programs that ask the C library for the time; Go's and systemd itself ask the kernel.
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
    static long known = 0;
    static int asked = 0;
    if (!asked) {
        const char *given = getenv("BAREPLANE_CLOCK");
        FILE *file = given ? NULL : fopen("/run/fault/clock", "r");
        asked = 1;
        if (given) known = atol(given);
        if (file) {
            if (fscanf(file, "%ld", &known) != 1) known = 0;
            fclose(file);
        }
    }
    return known;
}

int clock_gettime(clockid_t clock, struct timespec *when) {
    int failed = (int)syscall(SYS_clock_gettime, clock, when);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) when->tv_sec += shift();
    return failed;
}

int gettimeofday(struct timeval *restrict when, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    when->tv_sec = now.tv_sec;
    when->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *when) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (when) *when = now.tv_sec;
    return now.tv_sec;
}
