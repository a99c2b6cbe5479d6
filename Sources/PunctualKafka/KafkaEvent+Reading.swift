// SPDX-License-Identifier: Apache-2.0

internal import CRdKafka

extension KafkaEvent {
    /// Copies what matters out of an event of the library; nil when nothing does.
    init?(_ event: OpaquePointer, of client: OpaquePointer) {
        // SAFETY: the caller owns the event and keeps it while this runs; everything is copied.
        switch unsafe rd_kafka_event_type(event) {
        case RD_KAFKA_EVENT_DR:
            self = .reported(unsafe Self.reports(event, client))
        case RD_KAFKA_EVENT_FETCH:
            guard let message = unsafe rd_kafka_event_message_next(event) else { return nil }
            let code = unsafe message.pointee.err
            self =
                code == RD_KAFKA_RESP_ERR_NO_ERROR
                ? .received(unsafe KafkaMessage(message)) : .failed(KafkaError(code))
        case RD_KAFKA_EVENT_REBALANCE:
            let partitions = unsafe Self.partitions(event)
            let isAssignment =
                unsafe rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS
            self = isAssignment ? .assigned(partitions) : .revoked(partitions)
        case RD_KAFKA_EVENT_ERROR:
            self = .failed(
                KafkaError(
                    code: unsafe rd_kafka_event_error(event).rawValue,
                    message: unsafe String(cString: rd_kafka_event_error_string(event)),
                    isFatal: unsafe rd_kafka_event_error_is_fatal(event) != 0
                )
            )
        case RD_KAFKA_EVENT_STATS:
            guard let text = unsafe rd_kafka_event_stats(event) else { return nil }
            self = .statistics(unsafe String(cString: text))
        case RD_KAFKA_EVENT_LOG:
            var facility: UnsafePointer<CChar>?
            var text: UnsafePointer<CChar>?
            var level: Int32 = 0
            guard unsafe rd_kafka_event_log(event, &facility, &text, &level) == 0,
                let text = unsafe text
            else { return nil }
            self = .logged(level: level, text: unsafe String(cString: text))
        default:
            return nil
        }
    }

    private static func reports(_ event: OpaquePointer, _ client: OpaquePointer) -> [KafkaReport] {
        var reports: [KafkaReport] = []
        // SAFETY: the messages belong to the event.
        let isFatal =
            unsafe rd_kafka_fatal_error(client, nil, 0) != RD_KAFKA_RESP_ERR_NO_ERROR
        while let message = unsafe rd_kafka_event_message_next(event) {
            let code = unsafe message.pointee.err
            reports.append(
                KafkaReport(
                    sequence: unsafe punctual_kafka_sequence(message),
                    error: code == RD_KAFKA_RESP_ERR_NO_ERROR
                        ? nil : KafkaError(code, isFatal: isFatal),
                    isConfirmed: unsafe message.pointee.offset >= 0
                )
            )
        }
        return reports
    }

    private static func partitions(_ event: OpaquePointer) -> [KafkaPartition] {
        // SAFETY: the list belongs to the event and has `cnt` elements.
        guard let list = unsafe rd_kafka_event_topic_partition_list(event) else { return [] }
        return unsafe (0..<Int(list.pointee.cnt)).map { index in
            let element = unsafe list.pointee.elems[index]
            return unsafe KafkaPartition(
                topic: String(cString: element.topic),
                number: element.partition
            )
        }
    }
}

extension KafkaMessage {
    fileprivate init(_ message: UnsafePointer<rd_kafka_message_t>) {
        // SAFETY: the message belongs to an event that the caller keeps; the lengths are its own.
        let (topic, number) = unsafe (
            String(cString: punctual_kafka_topic(message)), message.pointee.partition
        )
        place = KafkaPlace(
            partition: KafkaPartition(topic: topic, number: number),
            offset: unsafe message.pointee.offset
        )
        key = unsafe Self.bytes(message.pointee.key, message.pointee.key_len)
        value = unsafe Self.bytes(message.pointee.payload, message.pointee.len)
    }

    private static func bytes(_ start: UnsafeMutableRawPointer?, _ count: Int) -> [UInt8]? {
        // SAFETY: librdkafka gives the start of so many bytes, which it keeps until the event ends.
        guard let start = unsafe start else { return nil }
        // SAFETY: as above; they are copied here.
        return unsafe [UInt8](UnsafeRawBufferPointer(start: start, count: count))
    }
}
