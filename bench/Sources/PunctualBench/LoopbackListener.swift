// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A socket that listens on a free port of loopback; whoever made it closes it.
struct LoopbackListener {
    let descriptor: Int32
    let port: UInt16

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = HTTPConnection.loopback(port: 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && listen(descriptor, 128) == 0
                    ? getsockname(descriptor, address, &size) : -1
            }
        }
        guard status == 0 else {
            throw BenchError("cannot listen on loopback: \(HTTPConnection.reason())")
        }
        (self.descriptor, port) = (descriptor, UInt16(bigEndian: address.sin_port))
    }
}
