// SPDX-License-Identifier: Apache-2.0

/// How values of one PostgreSQL type are written and read in the binary format.
protocol BinaryCoding {
    associatedtype Value

    /// The type a parameter is declared with.
    static var type: PostgresType { get }

    /// Whether a column of `type` can be read.
    static func accepts(_ type: PostgresType) -> Bool

    static func write(_ value: Value, to writer: inout BinaryWriter)

    /// Reads one value; `type` is one that is accepted.
    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> Value
}

extension BinaryCoding {
    static func accepts(_ type: PostgresType) -> Bool { type == Self.type }
}

/// The distance between PostgreSQL's epoch, 2000-01-01, and Unix's, in microseconds.
///
/// The two ends of `Int64` are infinity on both sides; nothing overflows.
enum PostgresEpoch {
    private static let distance: Int64 = 946_684_800_000_000

    static func fromUnix(_ microseconds: Int64) -> Int64 {
        if microseconds == .max { return .max }
        let (value, overflow) = microseconds.subtractingReportingOverflow(distance)
        return overflow ? .min : value
    }

    static func toUnix(_ microseconds: Int64) -> Int64 {
        if microseconds == .min { return .min }
        let (value, overflow) = microseconds.addingReportingOverflow(distance)
        return overflow ? .max : value
    }
}

enum BoolCoding: BinaryCoding {
    static let type = PostgresType.bool

    static func write(_ value: Bool, to writer: inout BinaryWriter) {
        writer.append(UInt8(value ? 1 : 0))
    }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> Bool
    {
        try reader.number(UInt8.self) != 0
    }
}

/// Integers; a column of a smaller type is widened.
protocol IntegerCoding: BinaryCoding where Value: FixedWidthInteger {}

extension IntegerCoding {
    static func accepts(_ type: PostgresType) -> Bool {
        switch type {
        case .int2: true
        case .int4: Value.bitWidth >= 32
        case .int8: Value.bitWidth >= 64
        default: false
        }
    }

    static func write(_ value: Value, to writer: inout BinaryWriter) { writer.append(value) }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> Value
    {
        switch type {
        case .int2: Value(truncatingIfNeeded: try reader.number(Int16.self))
        case .int4: Value(truncatingIfNeeded: try reader.number(Int32.self))
        default: Value(truncatingIfNeeded: try reader.number(Int64.self))
        }
    }
}

enum Int2Coding: IntegerCoding {
    typealias Value = Int16
    static let type = PostgresType.int2
}

enum Int4Coding: IntegerCoding {
    typealias Value = Int32
    static let type = PostgresType.int4
}

enum Int8Coding: IntegerCoding {
    typealias Value = Int64
    static let type = PostgresType.int8
}

enum Float8Coding: BinaryCoding {
    static let type = PostgresType.float8

    static func accepts(_ type: PostgresType) -> Bool { type == .float8 || type == .float4 }

    static func write(_ value: Double, to writer: inout BinaryWriter) {
        writer.append(value.bitPattern)
    }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> Double
    {
        if type == .float4 { return Double(Float(bitPattern: try reader.number())) }
        return Double(bitPattern: try reader.number())
    }
}

enum TextCoding: BinaryCoding {
    static let type = PostgresType.text

    static func accepts(_ type: PostgresType) -> Bool { type.isText }

    static func write(_ value: String, to writer: inout BinaryWriter) {
        writer.append(value.utf8)
    }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> String
    {
        reader.text()
    }
}

enum ByteaCoding: BinaryCoding {
    static let type = PostgresType.bytea

    static func write(_ value: [UInt8], to writer: inout BinaryWriter) { writer.append(value) }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> [UInt8]
    {
        reader.bytes()
    }
}

enum UUIDCoding: BinaryCoding {
    static let type = PostgresType.uuid

    static func write(_ value: PostgresUUID, to writer: inout BinaryWriter) {
        writer.append(value.high)
        writer.append(value.low)
    }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> PostgresUUID
    {
        PostgresUUID(high: try reader.number(), low: try reader.number())
    }
}

/// Instants in microseconds since the Unix epoch.
protocol InstantCoding: BinaryCoding where Value == Int64 {}

extension InstantCoding {
    static func write(_ value: Int64, to writer: inout BinaryWriter) {
        writer.append(PostgresEpoch.fromUnix(value))
    }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> Int64
    {
        PostgresEpoch.toUnix(try reader.number())
    }
}

enum TimestamptzCoding: InstantCoding {
    static let type = PostgresType.timestamptz
}

enum TimestampCoding: InstantCoding {
    static let type = PostgresType.timestamp
}

/// JSON as UTF-8; `jsonb` travels as a version byte and the text (`jsonb_send` in jsonb.c).
enum JSONCoding: BinaryCoding {
    static let type = PostgresType.jsonb
    private static let version: UInt8 = 1

    static func accepts(_ type: PostgresType) -> Bool { type == .jsonb || type.isText }

    static func write(_ value: [UInt8], to writer: inout BinaryWriter) {
        writer.append(version)
        writer.append(value)
    }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> [UInt8]
    {
        try skipVersion(&reader, type)
        return reader.bytes()
    }

    static func skipVersion(
        _ reader: inout BinaryReader,
        _ type: PostgresType
    ) throws(PostgresError) {
        guard type == .jsonb else { return }
        guard try reader.number(UInt8.self) == version else { throw .malformed }
    }
}

/// JSON as a string.
enum JSONTextCoding: BinaryCoding {
    static let type = PostgresType.jsonb

    static func accepts(_ type: PostgresType) -> Bool { JSONCoding.accepts(type) }

    static func write(_ value: String, to writer: inout BinaryWriter) {
        JSONCoding.write(Array(value.utf8), to: &writer)
    }

    static func read(_ reader: inout BinaryReader, as type: PostgresType) throws(PostgresError)
        -> String
    {
        try JSONCoding.skipVersion(&reader, type)
        return reader.text()
    }
}
