// SPDX-License-Identifier: Apache-2.0

/// Why delivery cannot be set up as configured.
package struct DeliveryError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of error.
    package enum Code: String, Sendable {
        /// A webhook's URL is not one that can be posted to.
        case invalidURL
        /// A webhook's secret is not one.
        case invalidSecret
        /// An entry of the list of allowed targets is neither a host nor a range of addresses.
        case invalidAllowance
        /// The file of certificates cannot be read.
        case invalidAuthorities
        /// The URL of the mail server is not one.
        case invalidMailURL
        /// The sender of e-mail is no address.
        case invalidSender
        /// The key of Web Push is not one.
        case invalidVAPIDKey
    }
    /// The kind of error.
    package let code: Code
    /// What is wrong, and what would be right; never the secret itself.
    package let message: String

    init(_ code: Code, _ message: String) { (self.code, self.message) = (code, message) }

    package var description: String { message }
}
