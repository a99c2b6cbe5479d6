// SPDX-License-Identifier: Apache-2.0

internal import CRdKafka

// MARK: - Producing

extension KafkaClient {
    /// Queues a message, which is reported later under `sequence`; never blocks.
    ///
    /// - Returns: why it was not queued; nil when it was.
    func produce(_ record: KafkaRecord, sequence: UInt) -> KafkaError? {
        // SAFETY: the library copies the topic, the key, the value and the headers.
        guard let headers = unsafe rd_kafka_headers_new(record.headers.count) else {
            return KafkaError(RD_KAFKA_RESP_ERR__QUEUE_FULL)
        }
        for header in record.headers {
            _ = unsafe rd_kafka_header_add(
                headers,
                header.name,
                -1,
                header.value,
                header.value.utf8.count
            )
        }
        let result = unsafe (record.key ?? []).withUnsafeBytes { key in
            unsafe (record.value ?? []).withUnsafeBytes { value in
                unsafe punctual_kafka_produce(
                    client,
                    record.topic,
                    record.key == nil ? nil : key.baseAddress,
                    key.count,
                    record.value == nil ? nil : value.baseAddress,
                    value.count,
                    headers,
                    sequence
                )
            }
        }
        guard result != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return KafkaError(result, isFatal: result == RD_KAFKA_RESP_ERR__FATAL)
    }

    /// Pretends a fatal error; for tests of the recovery from one.
    func injectFatalError(code: Int32) {
        // SAFETY: the library copies the text.
        unsafe rd_kafka_test_fatal_error(client, rd_kafka_resp_err_t(code), "injected")
    }
}

// MARK: - Consuming

extension KafkaClient {
    /// Joins the group for these topics.
    func subscribe(_ topics: [String]) -> KafkaError? {
        // SAFETY: the list is read during the call and freed after it.
        unsafe withList(topics.map { (KafkaPartition(topic: $0, number: -1), nil) }) {
            unsafe rd_kafka_subscribe(client, $0)
        }
    }

    /// Accepts what the group has assigned, from the committed offsets on, or from so many
    /// messages before the end.
    func assign(_ partitions: [KafkaPartition], tail: Int64? = nil) -> KafkaError? {
        let offset = tail.map { Int64(RD_KAFKA_OFFSET_TAIL_BASE) - $0 }
        // SAFETY: as above.
        return unsafe withList(partitions.map { ($0, offset) }) {
            unsafe rd_kafka_assign(client, $0)
        }
    }

    /// Gives up everything; what was stored is committed first.
    func unassign() {
        // SAFETY: without a list the call gives up all.
        unsafe rd_kafka_assign(client, nil)
    }

    /// Fetches no more from these partitions, or goes on.
    func setPaused(_ isPaused: Bool, _ partitions: [KafkaPartition]) {
        // SAFETY: as above.
        _ = unsafe withList(partitions.map { ($0, nil) }) {
            unsafe isPaused
                ? rd_kafka_pause_partitions(client, $0) : rd_kafka_resume_partitions(client, $0)
        }
    }

    /// Remembers, to be committed soon, that everything before these offsets is done.
    ///
    /// A partition that has been taken away since is not ours to say anything about.
    func store(_ next: [KafkaPartition: Int64]) {
        // SAFETY: as above.
        _ = unsafe withList(next.map { ($0.key, $0.value) }) {
            unsafe rd_kafka_offsets_store(client, $0)
        }
    }

    /// Begins to leave the group; ``hasLeft`` tells when that is done.
    func leave() {
        // SAFETY: both are open; an error is returned if leaving has begun already.
        if let error = unsafe rd_kafka_consumer_close_queue(client, queue) {
            unsafe rd_kafka_error_destroy(error)
        }
    }

    /// Whether the group has been left and everything committed.
    var hasLeft: Bool {
        // SAFETY: the client is open for as long as this object is there.
        unsafe rd_kafka_consumer_closed(client) != 0
    }

    private func withList(
        _ partitions: [(KafkaPartition, Int64?)],
        _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> rd_kafka_resp_err_t
    ) -> KafkaError? {
        // SAFETY: the list is made, lent to `body` and freed here.
        guard let list = unsafe rd_kafka_topic_partition_list_new(Int32(partitions.count)) else {
            return KafkaError(RD_KAFKA_RESP_ERR__FAIL)
        }
        defer { unsafe rd_kafka_topic_partition_list_destroy(list) }
        for (partition, offset) in partitions {
            let element = unsafe rd_kafka_topic_partition_list_add(
                list,
                partition.topic,
                partition.number
            )
            if let offset { unsafe element?.pointee.offset = offset }
        }
        let result = unsafe body(list)
        return result == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(result)
    }
}
