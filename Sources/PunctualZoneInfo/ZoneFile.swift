// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// A small regular file of the time zone database, read whole.
enum ZoneFile {
    /// The largest file that is read: ten times the largest of tzdata, `tzdata.zi`.
    static let maximumBytes = 1 << 20

    /// The content of a regular file, or nil when there is none, or it is too large, or unreadable.
    ///
    /// Every failure means the same to the caller: there is no such zone.
    static func read(_ path: String) -> [UInt8]? {
        // Non-blocking, so that opening a FIFO somebody put there does not wait for its writer.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let size = regularSize(of: descriptor), size <= maximumBytes else { return nil }
        // SAFETY: the buffer has `size` bytes, of which at most that many are written, and the
        // count says how many were.
        return unsafe [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size, let base = buffer.baseAddress {
                let received = unsafe Glibc.read(descriptor, base + count, size - count)
                guard received > 0 else { return }
                count += received
            }
        }
    }

    /// When a file was last changed, in nanoseconds since the Unix epoch; nil when there is none.
    static func modificationTime(of path: String) -> Int64? {
        var status = stat()
        // SAFETY: `stat` fills the structure that it is given, and keeps no pointer.
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Int64(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_mtim.tv_nsec)
    }

    private static func regularSize(of descriptor: Int32) -> Int? {
        var status = stat()
        // SAFETY: `fstat` fills the structure that it is given, and keeps no pointer.
        guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            return nil
        }
        return Int(status.st_size)
    }
}
