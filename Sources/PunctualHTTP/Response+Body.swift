// SPDX-License-Identifier: Apache-2.0

internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import PunctualCore

/// The media types that answers have.
enum ContentType: String {
    case json = "application/json"
    case problem = "application/problem+json"
    case metrics = "text/plain; version=0.0.4; charset=utf-8"
    case eventStream = "text/event-stream"
}

extension Response {
    /// Creates an answer of bytes that are there already.
    init(
        status: HTTPResponse.Status,
        type: ContentType,
        body: [UInt8],
        headers: HTTPFields = [:]
    ) {
        var headers = headers
        headers[.contentType] = type.rawValue
        self.init(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }

    /// Creates an answer of the JSON that `body` writes.
    init(
        status: HTTPResponse.Status = .ok,
        headers: HTTPFields = [:],
        json body: (inout JSONWriter) throws -> Void
    ) rethrows {
        var writer = JSONWriter()
        try body(&writer)
        self.init(status: status, type: .json, body: writer.utf8, headers: headers)
    }

    /// Creates an answer of JSON text.
    init(status: HTTPResponse.Status, jsonText: String, headers: HTTPFields = [:]) {
        let type = status.code >= 400 ? ContentType.problem : .json
        self.init(status: status, type: type, body: Array(jsonText.utf8), headers: headers)
    }
}
