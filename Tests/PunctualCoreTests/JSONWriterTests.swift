// SPDX-License-Identifier: Apache-2.0

import PunctualCore
import PunctualTime
import Testing

@Suite struct JSONWriterTests {
    @Test func `escapes what RFC 8259 asks for and nothing else`() {
        var json = JSONWriter()
        json.string("a\"b\\c\n\r\t\u{0}\u{1f}\u{7f} / é 🎉 \u{2028}")
        #expect(
            json.text
                == "\"a\\\"b\\\\c\\n\\u000d\\u0009\\u0000\\u001f\u{7f} / é 🎉 \u{2028}\""
        )
    }

    @Test func `puts commas between members and elements`() {
        var json = JSONWriter()
        json.object { json in
            json.member("a", Int64.min)
            json.member("b", nil as String?)
            json.name("c")
            json.array { json in
                json.bool(true)
                json.object { _ in }
                json.array { _ in }
                json.raw("{\"x\":1}")
            }
            json.member("d", WallInstant(secondsSinceEpoch: 0))
        }
        #expect(
            json.text == """
                {"a":-9223372036854775808,"b":null,"c":[true,{},[],{"x":1}],\
                "d":"1970-01-01T00:00:00Z"}
                """
        )
        #expect(json.utf8 == Array(json.text.utf8))
    }
}
