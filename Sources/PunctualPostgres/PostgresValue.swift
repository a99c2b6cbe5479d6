// SPDX-License-Identifier: Apache-2.0

/// A parameter in PostgreSQL's binary format, with its type, so that no SQL needs a cast.
///
/// It is encoded where it is made, which keeps that work off the loop's thread. `nil` is NULL.
/// Instants are microseconds since the Unix epoch; the two ends of `Int64` mean infinity.
package struct PostgresValue: Sendable {
    let type: PostgresType
    let bytes: [UInt8]?

    private init<Coding: BinaryCoding>(_ value: Coding.Value?, _ coding: Coding.Type) {
        type = Coding.type
        bytes = value.map { value in
            var writer = BinaryWriter(capacity: 8)
            Coding.write(value, to: &writer)
            return writer.bytes
        }
    }

    private init<Coding: BinaryCoding>(array: [Coding.Value]?, _ coding: Coding.Type) {
        type = Coding.type.array
        bytes = array.map { values in
            var writer = BinaryWriter(capacity: 20 + values.count * 12)
            writer.appendArrayHeader(of: Coding.type, count: values.count, hasNulls: false)
            for value in values {
                writer.appendCounted { Coding.write(value, to: &$0) }
            }
            return writer.bytes
        }
    }

    private init<Coding: BinaryCoding>(optionals: [Coding.Value?]?, _ coding: Coding.Type) {
        type = Coding.type.array
        bytes = optionals.map { values in
            var writer = BinaryWriter(capacity: 20 + values.count * 12)
            writer.appendArrayHeader(of: Coding.type, count: values.count, hasNulls: true)
            for value in values {
                if let value {
                    writer.appendCounted { Coding.write(value, to: &$0) }
                } else {
                    writer.appendNull()
                }
            }
            return writer.bytes
        }
    }
}

// MARK: - Scalars

extension PostgresValue {
    /// A `boolean`.
    package static func bool(_ value: Bool?) -> Self { Self(value, BoolCoding.self) }

    /// A `smallint`.
    package static func int2(_ value: Int16?) -> Self { Self(value, Int2Coding.self) }

    /// An `integer`.
    package static func int4(_ value: Int32?) -> Self { Self(value, Int4Coding.self) }

    /// A `bigint`.
    package static func int8(_ value: Int64?) -> Self { Self(value, Int8Coding.self) }

    /// A `double precision`.
    package static func float8(_ value: Double?) -> Self { Self(value, Float8Coding.self) }

    /// A `text`; the server refuses one that contains U+0000.
    package static func text(_ value: String?) -> Self { Self(value, TextCoding.self) }

    /// A `bytea`.
    package static func bytea(_ value: [UInt8]?) -> Self { Self(value, ByteaCoding.self) }

    /// A `uuid`.
    package static func uuid(_ value: PostgresUUID?) -> Self { Self(value, UUIDCoding.self) }

    /// A `timestamptz`, from microseconds since the Unix epoch.
    package static func timestamptz(_ value: Int64?) -> Self { Self(value, TimestamptzCoding.self) }

    /// A `timestamp` without zone, from microseconds since the Unix epoch as if in UTC.
    package static func timestamp(_ value: Int64?) -> Self { Self(value, TimestampCoding.self) }

    /// A `jsonb`, from JSON text.
    package static func jsonb(_ value: String?) -> Self { Self(value, JSONTextCoding.self) }

    /// A `jsonb`, from JSON text as UTF-8.
    package static func jsonb(utf8: [UInt8]?) -> Self { Self(utf8, JSONCoding.self) }
}

// MARK: - Arrays, without and with elements that may be NULL

extension PostgresValue {
    /// A `boolean[]`.
    package static func boolArray(_ values: [Bool]?) -> Self {
        Self(array: values, BoolCoding.self)
    }

    /// A `boolean[]` whose elements may be NULL.
    package static func boolArrayOptional(_ values: [Bool?]?) -> Self {
        Self(optionals: values, BoolCoding.self)
    }

    /// A `smallint[]`.
    package static func int2Array(_ values: [Int16]?) -> Self {
        Self(array: values, Int2Coding.self)
    }

    /// A `smallint[]` whose elements may be NULL.
    package static func int2ArrayOptional(_ values: [Int16?]?) -> Self {
        Self(optionals: values, Int2Coding.self)
    }

    /// An `integer[]`.
    package static func int4Array(_ values: [Int32]?) -> Self {
        Self(array: values, Int4Coding.self)
    }

    /// An `integer[]` whose elements may be NULL.
    package static func int4ArrayOptional(_ values: [Int32?]?) -> Self {
        Self(optionals: values, Int4Coding.self)
    }

    /// A `bigint[]`.
    package static func int8Array(_ values: [Int64]?) -> Self {
        Self(array: values, Int8Coding.self)
    }

    /// A `bigint[]` whose elements may be NULL.
    package static func int8ArrayOptional(_ values: [Int64?]?) -> Self {
        Self(optionals: values, Int8Coding.self)
    }

    /// A `double precision[]`.
    package static func float8Array(_ values: [Double]?) -> Self {
        Self(array: values, Float8Coding.self)
    }

    /// A `double precision[]` whose elements may be NULL.
    package static func float8ArrayOptional(_ values: [Double?]?) -> Self {
        Self(optionals: values, Float8Coding.self)
    }

    /// A `text[]`.
    package static func textArray(_ values: [String]?) -> Self {
        Self(array: values, TextCoding.self)
    }

    /// A `text[]` whose elements may be NULL.
    package static func textArrayOptional(_ values: [String?]?) -> Self {
        Self(optionals: values, TextCoding.self)
    }

    /// A `bytea[]`.
    package static func byteaArray(_ values: [[UInt8]]?) -> Self {
        Self(array: values, ByteaCoding.self)
    }

    /// A `bytea[]` whose elements may be NULL.
    package static func byteaArrayOptional(_ values: [[UInt8]?]?) -> Self {
        Self(optionals: values, ByteaCoding.self)
    }

    /// A `uuid[]`.
    package static func uuidArray(_ values: [PostgresUUID]?) -> Self {
        Self(array: values, UUIDCoding.self)
    }

    /// A `uuid[]` whose elements may be NULL.
    package static func uuidArrayOptional(_ values: [PostgresUUID?]?) -> Self {
        Self(optionals: values, UUIDCoding.self)
    }

    /// A `timestamptz[]`.
    package static func timestamptzArray(_ values: [Int64]?) -> Self {
        Self(array: values, TimestamptzCoding.self)
    }

    /// A `timestamptz[]` whose elements may be NULL.
    package static func timestamptzArrayOptional(_ values: [Int64?]?) -> Self {
        Self(optionals: values, TimestamptzCoding.self)
    }

    /// A `timestamp[]`.
    package static func timestampArray(_ values: [Int64]?) -> Self {
        Self(array: values, TimestampCoding.self)
    }

    /// A `timestamp[]` whose elements may be NULL.
    package static func timestampArrayOptional(_ values: [Int64?]?) -> Self {
        Self(optionals: values, TimestampCoding.self)
    }

    /// A `jsonb[]`.
    package static func jsonbArray(_ values: [String]?) -> Self {
        Self(array: values, JSONTextCoding.self)
    }

    /// A `jsonb[]` whose elements may be NULL.
    package static func jsonbArrayOptional(_ values: [String?]?) -> Self {
        Self(optionals: values, JSONTextCoding.self)
    }
}
