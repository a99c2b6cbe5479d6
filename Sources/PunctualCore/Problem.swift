// SPDX-License-Identifier: Apache-2.0

/// Why a request was refused, in the words that its sender needs.
package struct Problem: Error, Sendable, Hashable {
    /// The class of the refusal; the HTTP edge turns it into a status.
    package enum Code: String, Sendable {
        /// Well formed, but a value is wrong.
        case invalid
        /// The thing does not exist, or belongs to somebody else.
        case notFound
        /// `If-Match` names another version than the present one.
        case preconditionFailed
        /// Somebody else changed it at the same time, or an idempotency key was reused.
        case conflict
        /// The database cannot be reached; try again.
        case unavailable
    }
    /// One wrong value.
    package struct Field: Sendable, Hashable {
        /// JSON pointer (RFC 6901) to the value in the body, such as `/reminders/0/offset`.
        package var pointer: String
        /// What is wrong with it and what would be right.
        package var detail: String

        /// Creates a field from its parts.
        package init(pointer: String, detail: String) {
            (self.pointer, self.detail) = (pointer, detail)
        }
    }
    /// The class of the refusal.
    package var code: Code
    /// What is wrong, as a sentence.
    package var detail: String
    /// The values concerned.
    package var fields: [Field]

    /// Creates a problem from its parts.
    package init(_ code: Code, _ detail: String, fields: [Field] = []) {
        (self.code, self.detail, self.fields) = (code, detail, fields)
    }

    /// A problem with one value of the body.
    package static func invalid(_ pointer: String, _ detail: String) -> Self {
        Self(.invalid, "\(pointer): \(detail)", fields: [Field(pointer: pointer, detail: detail)])
    }

    /// The same problem, of a value inside the member or element at `prefix`.
    package func nested(in prefix: String) -> Self {
        renamed(from: "", to: prefix)
    }

    /// The same problem with the pointer `old` renamed, where one element was wrapped in a list.
    package func renamed(from old: String, to new: String) -> Self {
        var renamed = self
        renamed.fields = fields.map { field in
            guard field.pointer.hasPrefix(old) else { return field }
            return Field(
                pointer: new + field.pointer.dropFirst(old.count),
                detail: field.detail
            )
        }
        if let field = renamed.fields.first {
            renamed.detail = "\(field.pointer): \(field.detail)"
        }
        return renamed
    }
}
