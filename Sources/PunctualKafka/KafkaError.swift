// SPDX-License-Identifier: Apache-2.0

internal import CRdKafka

/// A failure that librdkafka reports.
package struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// librdkafka's number: positive ones are the broker's, negative ones its own.
    package let code: Int32
    /// What happened, without any value of a setting.
    package let message: String
    /// Whether the client that reported it can do nothing more and must be made anew.
    package let isFatal: Bool

    /// Creates an error from its parts.
    package init(code: Int32, message: String, isFatal: Bool = false) {
        (self.code, self.message, self.isFatal) = (code, message, isFatal)
    }

    /// The error of a code, in librdkafka's words.
    init(_ code: rd_kafka_resp_err_t, isFatal: Bool = false) {
        // SAFETY: librdkafka returns a constant string for every code.
        let text = unsafe String(cString: rd_kafka_err2str(code))
        self.init(code: code.rawValue, message: text, isFatal: isFatal)
    }

    package var description: String { "\(message) (\(code))" }

    /// Whether the message itself is at fault, so that sending it again would end the same way.
    ///
    /// A topic that is absent or forbidden is not: that is the operator's to mend, and until then
    /// every message of it waits.
    package var isPermanent: Bool { Self.permanentCodes.contains(code) }

    private static let permanentCodes: Set<Int32> = Set(
        [
            RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE,
            RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_RECORD,
            RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP,
        ].map(\.rawValue)
    )

    /// Whether the local queue has no room just now.
    var isQueueFull: Bool { code == RD_KAFKA_RESP_ERR__QUEUE_FULL.rawValue }

    /// Whether no broker can be reached.
    var isOutage: Bool { code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN.rawValue }
}
