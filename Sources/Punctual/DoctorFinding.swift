// SPDX-License-Identifier: Apache-2.0

/// What one check of `doctor` found.
struct DoctorFinding: Sendable, Hashable {
    /// How bad it is.
    enum Verdict: String, Sendable {
        /// As it should be.
        case ok
        /// Punctual works, but a promise is weaker than it could be.
        case warn
        /// Punctual does not work, or breaks a promise.
        case fail
    }

    /// How bad it is.
    let verdict: Verdict
    /// What was looked at, in a word or two.
    let subject: String
    /// What was found.
    let detail: String
    /// What to do about it; nil when there is nothing to do.
    let remedy: String?

    /// Everything is as it should be.
    static func ok(_ subject: String, _ detail: String) -> Self {
        Self(verdict: .ok, subject: subject, detail: detail, remedy: nil)
    }

    /// A promise is weaker than it could be.
    static func warn(_ subject: String, _ detail: String, remedy: String) -> Self {
        Self(verdict: .warn, subject: subject, detail: detail, remedy: remedy)
    }

    /// A promise is broken.
    static func fail(_ subject: String, _ detail: String, remedy: String) -> Self {
        Self(verdict: .fail, subject: subject, detail: detail, remedy: remedy)
    }

    /// One line, and a second one with the remedy.
    var text: String {
        let line = "\(verdict.rawValue)\(verdict == .ok ? "  " : "")  \(subject): \(detail)"
        return remedy.map { "\(line)\n      → \($0)" } ?? line
    }
}
