// SPDX-License-Identifier: Apache-2.0

internal import Logging

/// Says once that the database is out of reach, and once that it is back.
struct OutageLog {
    private var isOut = false

    mutating func record(_ error: any Error, of operation: String, _ logger: Logger) {
        if !isOut {
            logger.error(
                "engine cannot reach its store",
                metadata: ["operation": "\(operation)", "error": "\(error)"]
            )
        }
        isOut = true
    }

    mutating func ended(_ logger: Logger) {
        if isOut { logger.notice("engine reaches its store again") }
        isOut = false
    }
}
