// SPDX-License-Identifier: Apache-2.0

internal import PunctualDelivery

extension ServeConfiguration {
    /// Reads where a person's own ways out lead: e-mail and Web Push.
    mutating func readChannels(_ settings: SettingsReader) throws {
        mail = try Self.mail(settings)
        guard let key = settings.text(.vapidKey) else { return }
        do throws(DeliveryError) {
            vapidKey = try VAPIDKey(key)
            pushGuard = try TargetGuard(
                allowing: settings.list(.webhookAllow).joined(separator: ","),
                authorities: settings.text(.webhookCA)
            )
        } catch {
            let setting =
                switch error.code {
                case .invalidAllowance: Setting.webhookAllow
                case .invalidAuthorities: Setting.webhookCA
                default: Setting.vapidKey
                }
            throw settings.refusal(setting, error.message)
        }
    }

    private static func mail(_ settings: SettingsReader) throws -> MailConfiguration? {
        guard let url = settings.text(.smtpURL) else {
            for setting in [Setting.smtpFrom, .smtpCA] where settings.text(setting) != nil {
                throw settings.refusal(setting, "means nothing without PUNCTUAL_SMTP_URL")
            }
            return nil
        }
        do throws(DeliveryError) {
            return try MailConfiguration(
                url: url,
                from: settings.text(.smtpFrom) ?? "",
                authorities: settings.text(.smtpCA)
            )
        } catch {
            let setting = error.code == .invalidSender ? Setting.smtpFrom : .smtpURL
            throw settings.refusal(setting, error.message)
        }
    }
}
