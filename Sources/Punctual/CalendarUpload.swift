// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import FoundationEssentials
internal import NIOCore
internal import NIOFoundationEssentialsCompat
internal import NIOHTTP1

/// One calendar on its way to `POST /api/import/ics`.
struct CalendarUpload {
    /// What the server takes at most, in bytes.
    static let maximumBytes = 10 << 20
    /// The longest answer that is read: some 10,000 entries with a notice each.
    private static let maximumAnswerBytes = 16 << 20
    /// The server writes all tasks in one transaction, which for the largest calendar takes a while.
    private static let timeout = TimeAmount.seconds(120)

    /// The server's address, without a path.
    let server: String
    /// The zone of times that name none.
    let timezone: String
    /// Makes a repeat harmless.
    let idempotencyKey: String?

    /// Sends the calendar and waits for the answer.
    ///
    /// - Throws: ``CommandError`` when the server does not answer or refuses the whole.
    func send(_ calendar: Data) async throws -> ImportReport {
        var request = HTTPClientRequest(url: "\(server)/api/import/ics?timezone=\(encodedTimezone)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "text/calendar")
        if let idempotencyKey {
            request.headers.add(name: "Idempotency-Key", value: idempotencyKey)
        }
        request.body = .bytes(ByteBuffer(data: calendar))
        let (status, answer) = try await perform(request)
        guard status.code == 201 else {
            // Whatever is no problem of ours comes from something else that listens there.
            let problem = try? JSONDecoder().decode(ProblemAnswer.self, from: answer)
            throw CommandError(
                .refused,
                "\(server) refused it (\(status)): \(problem?.detail ?? "no reason given")"
            )
        }
        return try JSONDecoder().decode(ImportReport.self, from: answer)
    }

    private var encodedTimezone: String {
        timezone.map { $0.isLetter || $0.isNumber || "_-/".contains($0) ? "\($0)" : "%2B" }.joined()
    }

    private func perform(_ request: HTTPClientRequest) async throws -> (HTTPResponseStatus, Data) {
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
            let body = try await response.body.collect(upTo: Self.maximumAnswerBytes)
            return (response.status, Data(buffer: body))
        } catch {
            throw CommandError(
                .refused,
                "no answer from \(server): \(error). Is the server running (punctual serve)?"
            )
        }
    }
}

/// The part of a problem (RFC 9457) that people read.
private struct ProblemAnswer: Decodable {
    let detail: String
}
