// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import PunctualCore
import PunctualHTTP
import Testing

@Suite struct MCPTests {
    private let server = TestServer()

    private func call(_ tool: String, _ arguments: String) -> String {
        """
        {"jsonrpc":"2.0","id":1,"method":"tools/call",
         "params":{"name":"\(tool)","arguments":\(arguments)}}
        """
    }

    @Test func `agrees on a version that both sides speak`() async throws {
        try await server.test { client in
            for (asked, agreed) in [
                ("2025-06-18", "2025-06-18"), ("2025-03-26", "2025-03-26"),
                ("2099-01-01", "2025-06-18"),
            ] {
                let answer = try await client.post(
                    "/mcp",
                    """
                    {"jsonrpc":"2.0","id":"a","method":"initialize",
                     "params":{"protocolVersion":"\(asked)"}}
                    """
                )
                #expect(answer.json["id"]?.text == "a")
                #expect(answer.json["result"]?["protocolVersion"]?.text == agreed)
            }
        }
    }

    @Test func `describes every tool with a schema of its arguments`() async throws {
        try await server.test { client in
            let answer = try await client.post(
                "/mcp",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}"
            )
            let tools = try #require(answer.json["result"]?["tools"]).elements
            #expect(
                tools.compactMap { $0["name"]?.text } == [
                    "add_task", "list_tasks", "update_task", "complete_task", "delete_task",
                    "set_reminder", "preview_recurrence",
                ]
            )
            for tool in tools { #expect(tool["inputSchema"]?["type"]?.text == "object") }
        }
    }

    @Test func `a tool answers as text and as structure, and its errors name the argument`()
        async throws
    {
        try await server.test { client in
            let added = try await client.post("/mcp", call("add_task", "{\"title\":\"By agent\"}"))
            let result = try #require(added.json["result"])
            #expect(result["isError"] == .bool(false))
            #expect(result["structuredContent"]?["title"]?.text == "By agent")
            let text = try #require(result["content"]?.elements.first?["text"]?.text)
            #expect(try JSONReader.read(Array(text.utf8)) == result["structuredContent"])
            let refused = try await client.post("/mcp", call("add_task", "{\"title\":7}"))
            #expect(refused.status == 200)
            let problem = try #require(refused.json["result"]?["structuredContent"])
            #expect(refused.json["result"]?["isError"] == .bool(true))
            #expect(problem["errors"]?.elements.first?["pointer"]?.text == "/title")
        }
    }

    @Test func `a tool knows only its user's tasks`() async throws {
        try await server.test { client in
            let mine = try await client.post("/mcp", call("add_task", "{\"title\":\"Mine\"}"))
            let task = mine.json["result"]?["structuredContent"]?["id"]?.integer
            let id = try #require(task)
            for (tool, arguments) in [
                ("update_task", "{\"id\":\(id),\"title\":\"Yours\"}"),
                ("complete_task", "{\"id\":\(id)}"), ("delete_task", "{\"id\":\(id)}"),
                ("set_reminder", "{\"id\":\(id),\"at\":\"2030-01-01T00:00:00Z\"}"),
            ] {
                let answer = try await client.post(
                    "/mcp",
                    call(tool, arguments),
                    headers: ["x-user": "stranger"]
                )
                #expect(answer.json["result"]?["isError"] == .bool(true), "\(tool)")
            }
            let list = try await client.post(
                "/mcp",
                call("list_tasks", "{}"),
                headers: ["x-user": "stranger"]
            )
            #expect(list.json["result"]?["structuredContent"]?["items"]?.elements == [])
            #expect(try await client.get("/api/tasks/\(id)").json["title"]?.text == "Mine")
        }
    }

    @Test(
        arguments: [
            ("{", 400, -32_700), ("7", 400, -32_600), ("[]", 400, -32_600),
            ("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"ping\"}", 400, -32_600),
            ("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"ping\"}", 400, -32_600),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"paint\"}", 200, -32_601),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":[]}", 200, -32_602),
            ("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\"}", 200, -32_602),
        ]
    )
    func `refuses what is no request`(_ body: String, _ status: Int, _ code: Int64) async throws {
        try await server.test { client in
            let answer = try await client.post("/mcp", body)
            #expect(answer.status == status)
            #expect(answer.json["error"]?["code"]?.integer == code)
        }
    }

    @Test func `answers batches, and notifications with nothing`() async throws {
        let note = "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}"
        let ping = "{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"ping\"}"
        try await server.test { client in
            let single = try await client.post("/mcp", note)
            #expect(single.status == 202 && single.text.isEmpty)
            #expect(try await client.post("/mcp", "[\(note),\(note)]").status == 202)
            let batch = try await client.post("/mcp", "[\(ping),\(note),\(ping)]")
            #expect(batch.json.elements.count == 2)
            let tooMany = (0...50).map { _ in ping }.joined(separator: ",")
            #expect(try await client.post("/mcp", "[\(tooMany)]").status == 400)
            #expect(try await client.get("/mcp").status == 405)
        }
    }

    @Test(
        arguments: [
            ("http://localhost", 202), ("https://evil.example", 403), ("null", 403),
            ("http://localhost.evil.example", 403),
        ]
    )
    func `takes messages from pages of this server alone`(
        _ origin: String,
        _ status: Int
    ) async throws {
        try await server.test { client in
            let answer = try await client.post(
                "/mcp",
                "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}",
                headers: ["Origin": origin]
            )
            #expect(answer.status == status)
        }
    }
}
