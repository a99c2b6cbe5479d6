// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A blocking HTTP/1.1 connection to a port on loopback, kept alive between requests.
final class HTTPConnection {
    struct Response {
        let status: Int
        let body: [UInt8]
    }

    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0

    /// Connects.
    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError("no socket: \(Self.reason())") }
        var one: Int32 = 1
        setsockopt(
            descriptor,
            Int32(IPPROTO_TCP),
            TCP_NODELAY,
            &one,
            socklen_t(MemoryLayout<Int32>.size)
        )
        var address = Self.loopback(port: port)
        let status = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            let reason = Self.reason()
            close(descriptor)
            throw BenchError("the server does not answer on port \(port): \(reason)")
        }
    }

    /// Takes over a connection that a listening socket has accepted.
    init(accepted descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Ends both directions, so that a thread blocked in `receive` returns.
    var shutdownHandle: @Sendable () -> Void {
        let descriptor = descriptor
        return { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }

    /// Sends a request and waits for the whole response.
    func send(
        _ method: String,
        _ path: String,
        headers: String = "",
        body: [UInt8] = []
    ) throws -> Response {
        try write(Self.request(method, path, headers: headers, body: body))
        return try readResponse()
    }

    /// The bytes of a request.
    static func request(
        _ method: String,
        _ path: String,
        headers: String = "",
        body: [UInt8] = []
    ) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\(headers)"
        if !body.isEmpty {
            text += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n"
        }
        return Array((text + "\r\n").utf8) + body
    }

    func write(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BenchError("sending failed: \(Self.reason())") }
            sent += count
        }
    }

    /// Blocks until bytes arrive, and returns how many are in `target`; 0 at the end.
    func receive(into target: inout [UInt8]) throws -> Int {
        while true {
            let count = target.withUnsafeMutableBytes {
                recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            if count >= 0 { return count }
            guard errno == EINTR else { throw BenchError("receiving failed: \(Self.reason())") }
        }
    }

    private func readResponse() throws -> Response {
        let head = try readHead()
        guard let status = Int(head.dropFirst(9).prefix(3)) else {
            throw BenchError("the server did not answer in HTTP/1.1")
        }
        return Response(status: status, body: try readBody(after: head))
    }

    /// Reads what follows the head of a request or a response.
    func readBody(after head: String) throws -> [UInt8] {
        let fields = head.lowercased()
        if fields.contains("transfer-encoding: chunked") { return try readChunks() }
        let length = fields.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst(15).filter { $0 != " " }) }
        return try read(length ?? 0)
    }

    /// Reads up to the empty line that ends the head.
    func readHead() throws -> String {
        var lines: [String] = []
        while true {
            let line = try readLine()
            if line.isEmpty { return lines.joined(separator: "\r\n") }
            lines.append(String(decoding: line, as: UTF8.self))
        }
    }

    /// What was received and not yet read.
    func takeRest() -> [UInt8] {
        defer { buffer = [] }
        return Array(buffer[start...])
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            let size = String(decoding: try readLine(), as: UTF8.self).prefix { $0 != ";" }
            guard let count = Int(size, radix: 16) else { throw BenchError("a bad chunk size") }
            body += try read(count)
            _ = try readLine()
            if count == 0 { return body }
        }
    }

    private func readLine() throws -> ArraySlice<UInt8> {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                defer { start = end + 1 }
                return buffer[start..<max(start, end - 1)]
            }
            searched = buffer.count - start
            try fill()
        }
    }

    private func read(_ count: Int) throws -> [UInt8] {
        while buffer.count - start < count { try fill() }
        defer { start += count }
        return Array(buffer[start..<start + count])
    }

    /// Receives more; what has been read is dropped first.
    private func fill() throws {
        buffer.removeFirst(start)
        start = 0
        var more = [UInt8](repeating: 0, count: 65_536)
        let count = try receive(into: &more)
        guard count > 0 else { throw BenchError("the server closed the connection") }
        buffer += more[..<count]
    }

    static func reason() -> String {
        String(cString: strerror(errno))
    }

    static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// A port on loopback that nobody uses at the moment.
    static func freePort() throws -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0
                    ? getsockname(descriptor, address, &size) : -1
            }
        }
        guard status == 0 else { throw BenchError("no free port: \(reason())") }
        return UInt16(bigEndian: address.sin_port)
    }
}
