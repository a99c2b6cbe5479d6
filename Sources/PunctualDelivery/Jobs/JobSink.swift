// SPDX-License-Identifier: Apache-2.0

internal import AsyncHTTPClient
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import PunctualCore

/// Calls the application whose jobs these are, as a Dapr sidecar would.
///
/// `POST …/job/{name}` with the job's data for a body. Any 2xx and 404 count as done; anything else
/// is tried again by the job's own failure policy, and then kept as a dead letter.
package struct JobSink: DeliverySink {
    /// The channel's name in `deliveries`.
    package static let channel = "job"
    /// The most that a call takes; shorter than the lease of a delivery.
    static let timeout = TimeAmount.seconds(45)
    /// The most that is read of an answer, in bytes.
    static let maximumAnswer = 64 << 10

    private let url: String
    private let token: String?
    private let client: HTTPClient

    /// Creates a sink on NIO's shared threads.
    ///
    /// - Parameters:
    ///   - url: the application, without a path of its own or with one.
    ///   - token: what it expects as `dapr-api-token`, if it does.
    package init(url: String, token: String?) {
        self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
        self.token = token
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(5), read: Self.timeout)
        )
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(
            eventLoopGroupProvider: .shared(MultiThreadedEventLoopGroup.singleton),
            configuration: configuration
        )
    }

    package func deliver(_ delivery: Delivery, json: String) async throws(DeliveryFailure) {
        let event: JSONValue
        do { event = try JSONReader.read(Array(json.utf8)) } catch {
            throw DeliveryFailure("the event is not JSON: \(error.reason)", isPermanent: true)
        }
        guard case .string(let name) = event["job"] else {
            throw DeliveryFailure("the event names no job", isPermanent: true)
        }
        let status: Int
        do {
            status = try await call(name, data: event["data"] ?? .null)
        } catch {
            throw failure(Self.reason(of: error), of: delivery, event)
        }
        if (200..<300).contains(status) || status == 404 { return }
        throw failure("HTTP \(status)", of: delivery, event)
    }

    package func close() async {
        // It fails only for a client that is shut down already.
        try? await client.shutdown()
    }

    private func call(_ name: String, data: JSONValue) async throws -> Int {
        var request = HTTPClientRequest(url: "\(url)/job/\(Self.escaped(name))")
        request.method = .POST
        request.headers = ["Content-Type": "application/json", "User-Agent": "Punctual"]
        if let token { request.headers.add(name: "dapr-api-token", value: token) }
        request.headers.add(name: "traceparent", value: Traceparent.fresh())
        request.body = .bytes(ByteBuffer(string: data == .null ? "" : data.text))
        let response = try await client.execute(request, timeout: Self.timeout)
        // It is read to its end even though it says nothing: else the connection would be lost.
        _ = try? await response.body.collect(upTo: Self.maximumAnswer)
        return Int(response.status.code)
    }

    /// A failure that says when to try again, by the policy that the job has.
    private func failure(
        _ reason: String,
        of delivery: Delivery,
        _ event: JSONValue
    ) -> DeliveryFailure {
        // The policy was checked when the job was created.
        let policy =
            event["failure_policy"].flatMap { try? JobFailurePolicy($0) } ?? .standard
        let isLast = policy.maximumRetries.map { delivery.attempts > $0 } ?? false
        return DeliveryFailure(reason, isPermanent: isLast, retryAfter: policy.interval)
    }

    private static func reason(of error: any Error) -> String {
        if let error = error as? HTTPClientError { return error.shortDescription }
        return "the connection failed: \(String(describing: error).prefix(200))"
    }

    /// A name as one segment of a path (RFC 3986 §3.3).
    private static func escaped(_ name: String) -> String {
        var text = ""
        for byte in name.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain =
                scalar.isASCII
                && (scalar.properties.isAlphabetic
                    || (0x30...0x39).contains(byte) || "-._~".unicodeScalars.contains(scalar))
            if isPlain {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" + digits : digits)
            }
        }
        return text
    }
}

/// W3C Trace Context, level 1 §3.2.
enum Traceparent {
    /// The head of a trace that begins here.
    static func fresh() -> String {
        let random = { String(UInt64.random(in: 1 ... .max), radix: 16) }
        let padded = { (text: String) in String(repeating: "0", count: 16 - text.count) + text }
        return "00-\(padded(random()))\(padded(random()))-\(padded(random()))-01"
    }
}
