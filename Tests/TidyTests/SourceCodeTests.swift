// SPDX-License-Identifier: Apache-2.0

import Testing

/// The reader that the other tests here rely on.
@Suite struct SourceCodeTests {
    private func code(_ text: String) -> [String] { SourceCode(blanking: text).lines }

    @Test func `blanks comments, nested ones too`() {
        #expect(code("a // b\nc /* d /* e */ f */ g") == ["a     ", "c                   g"])
    }

    @Test func `blanks the contents of strings but not of interpolations`() {
        #expect(code(#"f("a // \(b("c") + d) e") // g"#) == [#"f("      (b(" ") + d)  ")     "#])
        #expect(code(##"f(#"a"b\(c)"#, d)"##) == [##"f(#"       "#, d)"##])
        #expect(code("\"\"\"\n  } func\n\"\"\" + x") == ["\"\"\"", "        ", "\"\"\" + x"])
    }

    @Test func `finds where functions begin and end`() {
        let text = """
            protocol P {
                func a()
                var b: Int { get }
            }
            struct S {
                init() { self.init(1) }
                func c(
                    d: Int = { 1 }()
                ) -> Int {
                    "}"
                    if e { f() }
                }
                deinit {
                }
            }
            """
        let functions = SourceFile(path: "Sources/M/F.swift", text: text).functions
        #expect(functions.map(\.first) == [5, 6, 12])
        #expect(functions.map(\.last) == [5, 11, 13])
    }

    @Test func `knows which comments cover a line`() {
        let text = """
            struct S {
                // SAFETY: one.
                func a() {
                    if b {
                        unsafe c()
                    }
                }
                func d() {
                    unsafe f(0)
                    // SAFETY: two.
                    unsafe f(1)
                }
                func g() {
                    unsafe h()
                }
                // SAFETY: three.
                let i = unsafe j()
                var k: Int {
                    // SAFETY: four.
                    if m { return unsafe l() }
                    return unsafe n()
                }
                var o: Int { unsafe p() }
            }
            """
        let file = SourceFile(path: "Sources/M/F.swift", text: text)
        let uses = file.lines(matching: /unsafe/)
        #expect(
            uses.map { file.isCovered($0, by: "SAFETY:") } == [
                true, true, true, false, true, true, true, false,
            ]
        )
    }

    @Test func `knows which declarations are documented`() {
        let text = """
            /// One.
            @inlinable
            public func a() {}
            // Two.
            public func b() {}

            public func c() {}
            """
        let file = SourceFile(path: "Sources/M/F.swift", text: text)
        #expect([2, 4, 6].map { file.isDocumented($0) } == [true, false, false])
    }
}
