// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import Testing

@Suite struct JSONReaderTests {
    private func read(_ text: String) throws -> JSONValue { try JSONReader.read(Array(text.utf8)) }

    @Test func `reads every kind of value`() throws {
        #expect(
            try read(" {\"a\":[1,-2.5e1,true,false,null,\"x\"]} ")
                == .object([
                    JSONMember(
                        name: "a",
                        value: .array([
                            .integer(1), .number(-25), .bool(true), .bool(false), .null,
                            .string("x"),
                        ])
                    )
                ])
        )
        #expect(try read("[]") == .array([]))
        #expect(try read("{ }") == .object([]))
        #expect(try read("0") == .integer(0))
    }

    @Test func `keeps integers exact and says when they are not`() throws {
        #expect(try read("9223372036854775807") == .integer(.max))
        #expect(try read("-9223372036854775808") == .integer(.min))
        #expect(try read("9223372036854775808") == .number(9_223_372_036_854_775_808))
        #expect(try read("1e999") == .number(.infinity))
    }

    @Test func `unescapes strings`() throws {
        #expect(
            try read(#""a\"\\\/\b\f\n\r\té\u00e9\ud83d\ude00""#)
                == .string("a\"\\/\u{8}\u{c}\n\r\téé😀")
        )
    }

    @Test func `counts the last of repeated members`() throws {
        #expect(try read(#"{"a":1,"a":2}"#)["a"] == .integer(2))
    }

    @Test(arguments: [
        "", " ", "{", "[", "[1,]", "[1 2]", "{\"a\"}", "{\"a\":}", "{a:1}", "{\"a\":1,}", "tru",
        "nul", "01", "-", "1.", ".5", "1e", "+1", "\"", "\"\\", "\"\\x\"", "\"\\u12\"",
        "\"\\ud800\"",
        "\"\\ud800\\n\"", "\"\\ud800\\u0041\"", "\"\\udc00\"", "\"\u{1}\"", "1 2", "{}{}", "NaN",
        "'a'", "[1}", "\u{feff}1",
    ])
    func `refuses what RFC 8259 does not allow`(text: String) {
        #expect(throws: JSONError.self) { try read(text) }
    }

    @Test func `refuses bytes that are not UTF-8`() {
        for bytes: [UInt8] in [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]] {
            #expect(throws: JSONError.self) { try JSONReader.read([0x22] + bytes + [0x22]) }
        }
    }

    @Test func `bounds depth and number of values`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: JSONError.self) { try read(deep) }
        let wide = "[" + String(repeating: "0,", count: JSONReader.maximumValues) + "0]"
        #expect(throws: JSONError.self) { try read(wide) }
    }

    @Test func `never traps, whatever the bytes`() {
        var generator = SplitMix(seed: 7)
        let seed = Array(#"{"a":[1,-2.5e1,true,null,"x\u00e9\n"],"b":{"c":"é"}}"#.utf8)
        for _ in 0..<20_000 {
            var bytes = seed
            for _ in 0...Int.random(in: 0..<4, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[place] = .random(in: 0...255, using: &generator)
            }
            bytes.removeLast(Int.random(in: 0..<8, using: &generator))
            _ = try? JSONReader.read(bytes)
        }
    }
}

/// A small generator of random numbers whose seed repeats a run (Steele, Lea, Flood 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
