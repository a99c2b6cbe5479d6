// SPDX-License-Identifier: Apache-2.0

// What Swift cannot call of librdkafka, variadic functions, and the descriptor that it signals.

#ifndef PUNCTUAL_CRDKAFKA_H
#define PUNCTUAL_CRDKAFKA_H

#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

/// A descriptor that is readable once it was signalled; negative on failure.
static inline int punctual_kafka_signal_create(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

static inline void punctual_kafka_signal_set(int descriptor) {
    uint64_t one = 1;
    ssize_t written = write(descriptor, &one, sizeof one);
    (void)written;
}

static inline void punctual_kafka_signal_clear(int descriptor) {
    uint64_t count;
    ssize_t taken = read(descriptor, &count, sizeof count);
    (void)taken;
}

static inline void punctual_kafka_signal_close(int descriptor) { close(descriptor); }

/// Has the queue signal the descriptor whenever it was empty and is no more.
static inline void punctual_kafka_queue_watch(rd_kafka_queue_t *queue, int descriptor) {
    uint64_t one = 1;
    rd_kafka_queue_io_event_enable(queue, descriptor, &one, sizeof one);
}

/// Queues a copy of a message; the headers are librdkafka's from now on, whatever the result.
static inline rd_kafka_resp_err_t punctual_kafka_produce(
    rd_kafka_t *client, const char *topic, const void *key, size_t key_size, const void *value,
    size_t value_size, rd_kafka_headers_t *headers, uintptr_t sequence) {
    rd_kafka_resp_err_t result = rd_kafka_producev(
        client, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
        RD_KAFKA_V_KEY(key, key_size), RD_KAFKA_V_VALUE((void *)value, value_size),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE((void *)sequence), RD_KAFKA_V_END);
    if (result != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
    return result;
}

/// The number that a message was queued with.
static inline uintptr_t punctual_kafka_sequence(const rd_kafka_message_t *message) {
    return (uintptr_t)message->_private;
}

/// The topic of a message that was received.
static inline const char *punctual_kafka_topic(const rd_kafka_message_t *message) {
    return message->rkt ? rd_kafka_topic_name(message->rkt) : "";
}

#endif
