// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The end of `NOTIFY_SOCKET` that a service manager holds.
final class NotifySocket {
    /// What was awaited did not come.
    struct Silence: Error, CustomStringConvertible {
        let received: [String]
        var description: String { "not what was awaited, only \(received)" }
    }

    let path: String
    private let descriptor: Int32
    private var received: [String] = []

    /// Binds a socket in the temporary folder, whose path is short enough for one.
    init() throws {
        path =
            FileManager.default.temporaryDirectory.appending(
                path: "notify-\(UUID().uuidString.prefix(8))"
            ).path
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = path
        // SAFETY: the buffer is as long as the field; what it holds beyond the path is zero.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            unsafe buffer.copyBytes(from: path.utf8.prefix(buffer.count - 1))
        }
        // SAFETY: a `sockaddr_un` is what a Unix socket's address is.
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard descriptor >= 0, result == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
    }

    deinit {
        close(descriptor)
        unsafe unlink(path)
    }

    /// Blocks until a line has come for which `matches` holds.
    ///
    /// - Returns: the first such line.
    /// - Throws: ``Silence`` when nothing comes for `seconds`.
    @discardableResult
    func wait(seconds: Int = 30, for matches: (String) -> Bool) throws -> String {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        // SAFETY: the option's value is the structure that it should be.
        unsafe setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
        while true {
            if let line = received.first(where: matches) { return line }
            var buffer = [UInt8](repeating: 0, count: 4_096)
            // SAFETY: at most as many bytes are written as the buffer has.
            let count = unsafe recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw Silence(received: received) }
            received += String(decoding: buffer[..<count], as: UTF8.self)
                .split(separator: "\n").map(String.init)
        }
    }
}
