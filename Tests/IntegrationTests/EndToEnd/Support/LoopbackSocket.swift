// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A TCP socket on 127.0.0.1 whose calls block, for at most half a minute each.
final class LoopbackSocket: Sendable {
    private let descriptor: Int32

    /// Makes a socket that listens on a free port.
    static func listening() throws -> LoopbackSocket {
        let socket = try LoopbackSocket()
        try unsafe withAddress(port: 0) { try check(unsafe bind(socket.descriptor, $0, $1)) }
        try check(listen(socket.descriptor, 64))
        return socket
    }

    /// Connects to a port.
    convenience init(connectingTo port: UInt16) throws {
        try self.init()
        try unsafe Self.withAddress(port: port) {
            try Self.check(unsafe connect(descriptor, $0, $1))
        }
    }

    private convenience init() throws {
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        self.init(adopting: try Self.check(socket(AF_INET, type, 0)))
    }

    private init(adopting descriptor: Int32) {
        self.descriptor = descriptor
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        // SAFETY: the option's value is the structure that it should be.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    }

    deinit { close(descriptor) }

    /// The port on this side.
    var port: UInt16 {
        get throws {
            try unsafe Self.withAddress(port: 0) { address, length in
                var length = length
                try Self.check(unsafe getsockname(descriptor, address, &length))
            }
        }
    }

    /// The next connection, of a socket that listens.
    func nextConnection() throws -> LoopbackSocket {
        LoopbackSocket(adopting: try Self.check(accept(descriptor, nil, nil)))
    }

    /// Sends all bytes; a peer that is gone is an error and no signal.
    func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let flags = Int32(MSG_NOSIGNAL)
            // SAFETY: at most as many bytes are read as the buffer has.
            let count = unsafe rest.withUnsafeBytes { buffer in
                unsafe Foundation.send(descriptor, buffer.baseAddress, buffer.count, flags)
            }
            rest = rest.dropFirst(try Self.check(count))
        }
    }

    /// What has come, waiting for something; empty when the other side has closed.
    func receive() throws -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // SAFETY: at most as many bytes are written as the buffer has.
        let count = try Self.check(unsafe recv(descriptor, &buffer, buffer.count, 0))
        return Array(buffer.prefix(count))
    }

    /// Makes every call that waits return, on whichever thread.
    func hangUp() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Lends the address of a port on the loopback.
    ///
    /// - Returns: the port that the address has afterwards.
    @discardableResult
    private static func withAddress(
        port: UInt16,
        _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) throws -> Void
    ) throws -> UInt16 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = INADDR_LOOPBACK.bigEndian
        // SAFETY: a `sockaddr_in` is what an IPv4 socket's address is, and the length is its own.
        try unsafe withUnsafeMutablePointer(to: &address) { pointer in
            try unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                try unsafe body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    @discardableResult
    private static func check<Result: SignedInteger>(_ result: Result) throws -> Result {
        guard result >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return result
    }
}
