// SPDX-License-Identifier: Apache-2.0

private import CLibuv

/// A refusal by libuv or by a descriptor call of the system.
package struct UVError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The negative `errno`, as libuv reports it.
    package let code: Int32
    /// What was attempted, in plain words.
    package let operation: String

    /// What was attempted and how the system names the refusal.
    package var description: String {
        // SAFETY: libuv returns a static string for every code it knows; for others it leaks a
        // few bytes once, by its own documentation.
        let name = unsafe String(cString: uv_strerror(code))
        return "\(operation) failed: \(name) (\(code))"
    }

    /// Throws unless `code` is zero or positive.
    static func check(_ code: Int32, _ operation: String) throws(UVError) {
        if code < 0 { throw UVError(code: code, operation: operation) }
    }
}
