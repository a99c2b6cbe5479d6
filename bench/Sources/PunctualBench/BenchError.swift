// SPDX-License-Identifier: Apache-2.0

/// Why a run could not be made, with the remedy; figures, however bad, are never an error.
struct BenchError: Error, CustomStringConvertible {
    let message: String

    init(_ message: String) {
        self.message = message
    }

    var description: String { message }
}
