/// The page and the files it needs, which are part of the program.
enum Page {
    /// A file and how it is served.
    struct File: Sendable {
        let path: String
        let type: String
        let content: [UInt8]
    }

    static let files = [
        File(path: "/", type: "text/html; charset=utf-8", content: PackageResources.index_html),
        File(path: "/app.css", type: "text/css; charset=utf-8", content: PackageResources.app_css),
        File(path: "/app.js", type: "text/javascript; charset=utf-8", content: PackageResources.app_js),
        File(path: "/openapi.json", type: "application/json", content: PackageResources.openapi_json),
    ]
}
