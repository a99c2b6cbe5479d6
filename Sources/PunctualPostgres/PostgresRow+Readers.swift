// SPDX-License-Identifier: Apache-2.0

// The typed readers of a row, one pair a type; see `PostgresRow` for what they throw.

extension PostgresRow {
    /// A boolean.
    package func bool(_ column: Int) throws(PostgresError) -> Bool {
        try read(column, BoolCoding.self)
    }

    /// A boolean, or nil for NULL.
    package func boolOrNil(_ column: Int) throws(PostgresError) -> Bool? {
        try readOrNil(column, BoolCoding.self)
    }

    /// A smallint.
    package func int2(_ column: Int) throws(PostgresError) -> Int16 {
        try read(column, Int2Coding.self)
    }

    /// A smallint, or nil for NULL.
    package func int2OrNil(_ column: Int) throws(PostgresError) -> Int16? {
        try readOrNil(column, Int2Coding.self)
    }

    /// An integer.
    package func int4(_ column: Int) throws(PostgresError) -> Int32 {
        try read(column, Int4Coding.self)
    }

    /// An integer, or nil for NULL.
    package func int4OrNil(_ column: Int) throws(PostgresError) -> Int32? {
        try readOrNil(column, Int4Coding.self)
    }

    /// A bigint.
    package func int8(_ column: Int) throws(PostgresError) -> Int64 {
        try read(column, Int8Coding.self)
    }

    /// A bigint, or nil for NULL.
    package func int8OrNil(_ column: Int) throws(PostgresError) -> Int64? {
        try readOrNil(column, Int8Coding.self)
    }

    /// A double precision.
    package func float8(_ column: Int) throws(PostgresError) -> Double {
        try read(column, Float8Coding.self)
    }

    /// A double precision, or nil for NULL.
    package func float8OrNil(_ column: Int) throws(PostgresError) -> Double? {
        try readOrNil(column, Float8Coding.self)
    }

    /// A text, an enum's label, or json.
    package func text(_ column: Int) throws(PostgresError) -> String {
        try read(column, TextCoding.self)
    }

    /// A text, an enum's label, or json, or nil for NULL.
    package func textOrNil(_ column: Int) throws(PostgresError) -> String? {
        try readOrNil(column, TextCoding.self)
    }

    /// A bytea.
    package func bytea(_ column: Int) throws(PostgresError) -> [UInt8] {
        try read(column, ByteaCoding.self)
    }

    /// A bytea, or nil for NULL.
    package func byteaOrNil(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try readOrNil(column, ByteaCoding.self)
    }

    /// A uuid.
    package func uuid(_ column: Int) throws(PostgresError) -> PostgresUUID {
        try read(column, UUIDCoding.self)
    }

    /// A uuid, or nil for NULL.
    package func uuidOrNil(_ column: Int) throws(PostgresError) -> PostgresUUID? {
        try readOrNil(column, UUIDCoding.self)
    }

    /// A timestamptz, in microseconds since the Unix epoch.
    package func timestamptz(_ column: Int) throws(PostgresError) -> Int64 {
        try read(column, TimestamptzCoding.self)
    }

    /// A timestamptz, in microseconds since the Unix epoch, or nil for NULL.
    package func timestamptzOrNil(_ column: Int) throws(PostgresError) -> Int64? {
        try readOrNil(column, TimestamptzCoding.self)
    }

    /// A timestamp without zone, in microseconds since the Unix epoch as if in UTC.
    package func timestamp(_ column: Int) throws(PostgresError) -> Int64 {
        try read(column, TimestampCoding.self)
    }

    /// A timestamp without zone, in microseconds since the Unix epoch as if in UTC, or nil for NULL.
    package func timestampOrNil(_ column: Int) throws(PostgresError) -> Int64? {
        try readOrNil(column, TimestampCoding.self)
    }

    /// A jsonb or json, as text.
    package func jsonText(_ column: Int) throws(PostgresError) -> String {
        try read(column, JSONTextCoding.self)
    }

    /// A jsonb or json, as text, or nil for NULL.
    package func jsonTextOrNil(_ column: Int) throws(PostgresError) -> String? {
        try readOrNil(column, JSONTextCoding.self)
    }

    /// A jsonb or json, as UTF-8.
    package func jsonBytes(_ column: Int) throws(PostgresError) -> [UInt8] {
        try read(column, JSONCoding.self)
    }

    /// A jsonb or json, as UTF-8, or nil for NULL.
    package func jsonBytesOrNil(_ column: Int) throws(PostgresError) -> [UInt8]? {
        try readOrNil(column, JSONCoding.self)
    }
}

// MARK: - Arrays of one dimension

extension PostgresRow {
    /// An array of `bool` without NULL elements.
    package func boolArray(_ column: Int) throws(PostgresError) -> [Bool] {
        try readArray(column, BoolCoding.self)
    }

    /// An array of `bool` whose elements, or which itself, may be NULL.
    package func boolArrayOrNil(_ column: Int) throws(PostgresError) -> [Bool?]? {
        try readArrayOrNil(column, BoolCoding.self)
    }

    /// An array of `int2` without NULL elements.
    package func int2Array(_ column: Int) throws(PostgresError) -> [Int16] {
        try readArray(column, Int2Coding.self)
    }

    /// An array of `int2` whose elements, or which itself, may be NULL.
    package func int2ArrayOrNil(_ column: Int) throws(PostgresError) -> [Int16?]? {
        try readArrayOrNil(column, Int2Coding.self)
    }

    /// An array of `int4` without NULL elements.
    package func int4Array(_ column: Int) throws(PostgresError) -> [Int32] {
        try readArray(column, Int4Coding.self)
    }

    /// An array of `int4` whose elements, or which itself, may be NULL.
    package func int4ArrayOrNil(_ column: Int) throws(PostgresError) -> [Int32?]? {
        try readArrayOrNil(column, Int4Coding.self)
    }

    /// An array of `int8` without NULL elements.
    package func int8Array(_ column: Int) throws(PostgresError) -> [Int64] {
        try readArray(column, Int8Coding.self)
    }

    /// An array of `int8` whose elements, or which itself, may be NULL.
    package func int8ArrayOrNil(_ column: Int) throws(PostgresError) -> [Int64?]? {
        try readArrayOrNil(column, Int8Coding.self)
    }

    /// An array of `float8` without NULL elements.
    package func float8Array(_ column: Int) throws(PostgresError) -> [Double] {
        try readArray(column, Float8Coding.self)
    }

    /// An array of `float8` whose elements, or which itself, may be NULL.
    package func float8ArrayOrNil(_ column: Int) throws(PostgresError) -> [Double?]? {
        try readArrayOrNil(column, Float8Coding.self)
    }

    /// An array of `text` without NULL elements.
    package func textArray(_ column: Int) throws(PostgresError) -> [String] {
        try readArray(column, TextCoding.self)
    }

    /// An array of `text` whose elements, or which itself, may be NULL.
    package func textArrayOrNil(_ column: Int) throws(PostgresError) -> [String?]? {
        try readArrayOrNil(column, TextCoding.self)
    }

    /// An array of `bytea` without NULL elements.
    package func byteaArray(_ column: Int) throws(PostgresError) -> [[UInt8]] {
        try readArray(column, ByteaCoding.self)
    }

    /// An array of `bytea` whose elements, or which itself, may be NULL.
    package func byteaArrayOrNil(_ column: Int) throws(PostgresError) -> [[UInt8]?]? {
        try readArrayOrNil(column, ByteaCoding.self)
    }

    /// An array of `uuid` without NULL elements.
    package func uuidArray(_ column: Int) throws(PostgresError) -> [PostgresUUID] {
        try readArray(column, UUIDCoding.self)
    }

    /// An array of `uuid` whose elements, or which itself, may be NULL.
    package func uuidArrayOrNil(_ column: Int) throws(PostgresError) -> [PostgresUUID?]? {
        try readArrayOrNil(column, UUIDCoding.self)
    }

    /// An array of `timestamptz` without NULL elements.
    package func timestamptzArray(_ column: Int) throws(PostgresError) -> [Int64] {
        try readArray(column, TimestamptzCoding.self)
    }

    /// An array of `timestamptz` whose elements, or which itself, may be NULL.
    package func timestamptzArrayOrNil(_ column: Int) throws(PostgresError) -> [Int64?]? {
        try readArrayOrNil(column, TimestamptzCoding.self)
    }

    /// An array of `timestamp` without NULL elements.
    package func timestampArray(_ column: Int) throws(PostgresError) -> [Int64] {
        try readArray(column, TimestampCoding.self)
    }

    /// An array of `timestamp` whose elements, or which itself, may be NULL.
    package func timestampArrayOrNil(_ column: Int) throws(PostgresError) -> [Int64?]? {
        try readArrayOrNil(column, TimestampCoding.self)
    }
}
