// SPDX-License-Identifier: Apache-2.0

internal import Crypto
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

extension RouteTable {
    /// Adds the web page: its document at `/`, and what that loads under `/page/`.
    mutating func addPage() {
        let files = PageFile.all
        open(.get, "/") { call in try call.answer(files["index.html"]) }
        open(.get, "/page/{file}") { call in
            try call.answer(call.context.parameters.get("file").flatMap { files[$0] })
        }
    }
}

/// One file of the web page, as it is embedded in the executable.
struct PageFile: Sendable {
    private let bytes: ByteBuffer
    private let fields: HTTPFields
    /// A strong entity tag: it says which bytes these are.
    private let tag: String

    /// All files by name.
    static let all: [String: PageFile] = [
        "index.html": PageFile(.html, PackageResources.index_html),
        "page.css": PageFile(.css, PackageResources.page_css),
        "controls.css": PageFile(.css, PackageResources.controls_css),
        "icon.svg": PageFile(.svg, PackageResources.icon_svg),
        "page.webmanifest": PageFile(.manifest, PackageResources.page_webmanifest),
        "actions.js": PageFile(.script, PackageResources.actions_js),
        "api.js": PageFile(.script, PackageResources.api_js),
        "app.js": PageFile(.script, PackageResources.app_js),
        "dom.js": PageFile(.script, PackageResources.dom_js),
        "filters.js": PageFile(.script, PackageResources.filters_js),
        "history.js": PageFile(.script, PackageResources.history_js),
        "inbox.js": PageFile(.script, PackageResources.inbox_js),
        "live.js": PageFile(.script, PackageResources.live_js),
        "notifications.js": PageFile(.script, PackageResources.notifications_js),
        "operator.js": PageFile(.script, PackageResources.operator_js),
        "recurrence.js": PageFile(.script, PackageResources.recurrence_js),
        "reminders-field.js": PageFile(.script, PackageResources.reminders_field_js),
        "repeat-field.js": PageFile(.script, PackageResources.repeat_field_js),
        "settings.js": PageFile(.script, PackageResources.settings_js),
        "sign-in.js": PageFile(.script, PackageResources.sign_in_js),
        "tags.js": PageFile(.script, PackageResources.tags_js),
        "task-dialog.js": PageFile(.script, PackageResources.task_dialog_js),
        "task-form.js": PageFile(.script, PackageResources.task_form_js),
        "task-list.js": PageFile(.script, PackageResources.task_list_js),
        "task-row.js": PageFile(.script, PackageResources.task_row_js),
        "time.js": PageFile(.script, PackageResources.time_js),
        "toasts.js": PageFile(.script, PackageResources.toasts_js),
        "worker.js": PageFile(.script, PackageResources.worker_js),
    ]

    /// The media types of the page.
    private enum MediaType: String {
        case html = "text/html; charset=utf-8"
        case css = "text/css; charset=utf-8"
        case script = "text/javascript; charset=utf-8"
        case svg = "image/svg+xml"
        case manifest = "application/manifest+json"
    }

    /// Nothing inline, nothing from elsewhere, and nobody may frame it.
    private static let contentSecurityPolicy = """
        default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
        connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; \
        form-action 'self'; frame-ancestors 'none'
        """

    private init(_ type: MediaType, _ bytes: [UInt8]) {
        self.bytes = ByteBuffer(bytes: bytes)
        let digest = SHA256.hash(data: bytes).prefix(16)
        tag = "\"" + digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\""
        var fields: HTTPFields = [
            .contentType: type.rawValue,
            .eTag: tag,
            .cacheControl: "no-cache",
            .contentSecurityPolicy: Self.contentSecurityPolicy,
        ]
        fields[named: "Referrer-Policy"] = "no-referrer"
        fields[named: "Cross-Origin-Opener-Policy"] = "same-origin"
        // The worker lies under /page/ and shows the notifications of the page at /.
        fields[named: "Service-Worker-Allowed"] = "/"
        self.fields = fields
    }

    /// The file, or 304 for whoever has these bytes already (RFC 9110 §13.1.2).
    func response(ifNoneMatch known: String?) -> Response {
        let tags = known?.split(separator: ",").map { $0.trimmingPrefix { $0 == " " } } ?? []
        guard !tags.contains(where: { $0 == "*" || $0.hasSuffix(tag) }) else {
            return Response(status: .notModified, headers: fields)
        }
        return Response(status: .ok, headers: fields, body: ResponseBody(byteBuffer: bytes))
    }
}

extension Call {
    fileprivate func answer(_ file: PageFile?) throws -> Response {
        guard let file else { throw HTTPProblem(.notFound, "The page has no such file.") }
        return file.response(ifNoneMatch: request.headers[.ifNoneMatch])
    }
}
