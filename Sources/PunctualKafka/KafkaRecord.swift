// SPDX-License-Identifier: Apache-2.0

/// A message to be written.
package struct KafkaRecord: Sendable, Hashable {
    /// Where to.
    package var topic: String
    /// What decides on the partition; none is any partition.
    package var key: [UInt8]?
    /// The content; none is a tombstone.
    package var value: [UInt8]?
    /// Names and values beside it, in order.
    package var headers: [KafkaHeader]

    /// Creates a message.
    package init(topic: String, key: [UInt8]?, value: [UInt8]?, headers: [KafkaHeader] = []) {
        (self.topic, self.key, self.value, self.headers) = (topic, key, value, headers)
    }
}

/// One header of a message.
package struct KafkaHeader: Sendable, Hashable {
    /// Its name.
    package let name: String
    /// Its value, text in UTF-8.
    package let value: String

    /// Creates a header.
    package init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}

/// A message that was read.
struct KafkaMessage: Sendable {
    let place: KafkaPlace
    let key: [UInt8]?
    let value: [UInt8]?
}

/// A partition of a topic.
struct KafkaPartition: Sendable, Hashable {
    let topic: String
    let number: Int32
}

/// Where a message is.
struct KafkaPlace: Sendable, Hashable {
    let partition: KafkaPartition
    let offset: Int64
}

/// What happened to a message that was handed to the library.
struct KafkaReport: Sendable {
    /// The number that it was handed over with.
    let sequence: UInt
    /// Nil when the broker has it, as far as the library knows.
    let error: KafkaError?
    /// Whether the broker itself has told where it put the message.
    let isConfirmed: Bool
}

/// What a client tells.
enum KafkaEvent: Sendable {
    case reported([KafkaReport])
    case received(KafkaMessage)
    case assigned([KafkaPartition])
    case revoked([KafkaPartition])
    case failed(KafkaError)
    case statistics(String)
    /// `level` is syslog's, 0 to 7.
    case logged(level: Int32, text: String)
}
