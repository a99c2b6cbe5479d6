// SPDX-License-Identifier: Apache-2.0

// What Swift cannot import of libuv and Linux: variadics, handle casts, timer descriptors.

#ifndef PUNCTUAL_CLIBUV_H
#define PUNCTUAL_CLIBUV_H

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

/// Makes the loop count the time it spends waiting, so that busy time is known.
static inline int punctual_loop_measure_idle_time(uv_loop_t *loop) {
    return uv_loop_configure(loop, UV_METRICS_IDLE_TIME);
}

/// libuv handles share their first fields, so that any of them may be closed as a `uv_handle_t`.
static inline void punctual_handle_close(void *handle, uv_close_cb done) {
    uv_close((uv_handle_t *)handle, done);
}

static inline void punctual_handle_set_data(void *handle, void *data) {
    uv_handle_set_data((uv_handle_t *)handle, data);
}

static inline void *punctual_handle_data(const void *handle) {
    return uv_handle_get_data((const uv_handle_t *)handle);
}

/// The identity of the calling thread.
static inline uintptr_t punctual_thread_identity(void) {
    return (uintptr_t)pthread_self();
}

/// Starts a thread that nobody joins. The name is cut to the 15 characters Linux keeps.
static inline int punctual_thread_start(void *(*body)(void *), void *context) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, body, context);
    if (error == 0) pthread_detach(thread);
    return error;
}

static inline void punctual_thread_set_name(const char *name) {
    pthread_setname_np(pthread_self(), name);
}

/// A reading of one of the system's clocks; they cannot fail for the three that are used here.
static inline struct timespec punctual_clock_now(clockid_t clock) {
    struct timespec now = {0, 0};
    clock_gettime(clock, &now);
    return now;
}

/// A descriptor on the wall clock, or a negative errno.
static inline int punctual_wall_timer_create(void) {
    int descriptor = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

/// Arms the descriptor at an absolute wall time; a step of the clock cancels it, which reading tells.
static inline int punctual_wall_timer_arm(int descriptor, int64_t seconds, int64_t nanoseconds) {
    struct itimerspec when = {
        .it_interval = {0, 0}, .it_value = {.tv_sec = seconds, .tv_nsec = nanoseconds}};
    int flags = TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET;
    return timerfd_settime(descriptor, flags, &when, NULL) < 0 ? -errno : 0;
}

/// 1 when the timer has expired, or a negative errno: -ECANCELED after a step, -EAGAIN if neither.
static inline int punctual_wall_timer_read(int descriptor) {
    uint64_t expirations;
    return read(descriptor, &expirations, sizeof expirations) < 0 ? -errno : 1;
}

#endif
