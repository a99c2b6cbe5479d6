// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <uv.h>

/// A blocking descriptor on the wall clock.
static inline int bench_wall_timer_create(void) { return timerfd_create(CLOCK_REALTIME, 0); }

/// Arms it at an absolute time.
static inline int bench_wall_timer_arm(int descriptor, int64_t nanoseconds) {
    struct itimerspec when = {
        .it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
    return timerfd_settime(descriptor, TFD_TIMER_ABSTIME, &when, NULL);
}
