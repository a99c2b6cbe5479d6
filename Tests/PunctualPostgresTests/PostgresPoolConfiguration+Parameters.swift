// SPDX-License-Identifier: Apache-2.0

import Foundation
import PunctualPostgres

extension PostgresPoolConfiguration {
    /// Adds a connection parameter to the URL, in whichever of libpq's two forms it is written.
    mutating func add(_ keyword: String, _ value: String) {
        guard url.contains("://") else {
            url += " \(keyword)='\(value)'"
            return
        }
        let allowed = CharacterSet.alphanumerics
        let escaped = value.addingPercentEncoding(withAllowedCharacters: allowed) ?? value
        url += "\(url.contains("?") ? "&" : "?")\(keyword)=\(escaped)"
    }
}
