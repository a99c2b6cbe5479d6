// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPTypes
import PunctualHTTP
import Testing

@Suite struct PageRoutesTests {
    /// Where the files of the page lie.
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent()
        .appending(path: "../../Sources/PunctualHTTP/Page")

    @Test func `serves every file of the page as it lies in its folder`() async throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder.path)
        try #require(names.count > 20)
        try await TestServer().test { client in
            for name in names {
                let answer = try await client.get("/page/\(name)")
                #expect(answer.status == 200, "\(name)")
                let file = try Data(contentsOf: Self.folder.appending(path: name))
                #expect(answer.text == String(decoding: file, as: UTF8.self), "\(name)")
            }
            let document = try await client.get("/")
            #expect(document.header("content-type") == "text/html; charset=utf-8")
            #expect(try await client.get("/page/index.html").text == document.text)
            #expect(try await client.get("/page/nothing.js").status == 404)
            #expect(try await client.get("/page/").status == 404)
        }
    }

    @Test func `lets a browser run nothing that is inline or from elsewhere`() async throws {
        try await TestServer().test { client in
            let answer = try await client.get("/")
            let policy = try #require(answer.header("content-security-policy"))
            #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
            #expect(!policy.contains("unsafe"))
            #expect(answer.header("x-content-type-options") == "nosniff")
            #expect(answer.header("referrer-policy") == "no-referrer")
        }
    }

    @Test func `sends a file again only to whoever has another version of it`() async throws {
        try await TestServer().test { client in
            let first = try await client.get("/page/app.js")
            #expect(first.header("cache-control") == "no-cache")
            let tag = try #require(first.header("etag"))
            for (known, status) in [
                (tag, 304), ("\"other\", W/\(tag)", 304), ("*", 304), ("\"other\"", 200),
            ] {
                let again = try await client.send(
                    .get,
                    "/page/app.js",
                    headers: ["If-None-Match": known]
                )
                #expect(again.status == status)
                #expect(again.text.isEmpty == (status == 304))
                #expect(again.header("etag") == tag)
            }
        }
    }
}
