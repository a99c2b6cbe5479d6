// SPDX-License-Identifier: Apache-2.0

// The service manager's side channel, and what the kernel says of its clock.

#ifndef PUNCTUAL_CSYSTEMD_H
#define PUNCTUAL_CSYSTEMD_H

#include <errno.h>
#include <stdint.h>
#include <sys/timex.h>
#include <systemd/sd-daemon.h>

/// The largest error of the wall clock in microseconds as the kernel estimates it, -1 when nothing
/// synchronises the clock, and another negative errno when the kernel does not say.
static inline int64_t punctual_clock_error_microseconds(void) {
    struct timex clock = {.modes = 0};
    int state = adjtimex(&clock);
    if (state < 0) return -(int64_t)errno - 1;
    return state == TIME_ERROR || (clock.status & STA_UNSYNC) ? -1 : (int64_t)clock.maxerror;
}

#endif
