public import Foundation
import StrictJSON

// The report as text and as a page.
extension EvaluationReport {
    /// The report in Markdown.
    public var markdown: String {
        func cell(_ text: String) -> String {
            text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "\n", with: " ")
        }
        func line(_ cells: [String]) -> String { "| " + cells.map(cell).joined(separator: " | ") + " |\n" }
        var text = "# Evaluation\n"
        for table in tables {
            text += "\n## \(table.title)\n\n" + line(table.heading)
            text += "|" + String(repeating: " --- |", count: table.heading.count) + "\n"
            for row in table.rows { text += line(row) }
        }
        let failures = failures
        if !failures.isEmpty {
            text += "\n## Failures to look at\n"
            for failure in failures {
                text += "\n- " + failure.split(separator: "\n").joined(separator: "\n  ") + "\n"
            }
        }
        return text
    }

    private var failures: [String] {
        worlds.flatMap(\.failures)
            + scores.flatMap { score in
                score.failures.map { result in
                    "\(score.name) \(result.id): \(Self.short(result.prompt))\n-> \(Self.short(result.output))\n== "
                        + Self.short(String(decoding: result.gold.serialized(), as: UTF8.self))
                }
            }
    }

    private static func short(_ text: String) -> String {
        let text = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        return text.count > 300 ? "… " + text.suffix(300) : text
    }

    /// The report as a page of HTML, pictures included.
    public var html: String {
        var body = ""
        for table in tables {
            body += "<h2>\(Self.escaped(table.title))</h2>\n<table>\n<tr>"
            body += table.heading.map { "<th>\(Self.escaped($0))</th>" }.joined() + "</tr>\n"
            for row in table.rows {
                body += "<tr>" + row.map { "<td>\(Self.escaped($0))</td>" }.joined() + "</tr>\n"
            }
            body += "</table>\n"
        }
        for world in worlds {
            for picture in world.pictures {
                let data = picture.png.base64EncodedString()
                body += "<figure><img alt=\"\(Self.escaped(picture.name)) in \(Self.escaped(world.folder))\" "
                body += "src=\"data:image/png;base64,\(data)\">"
                body +=
                    "<figcaption>\(Self.escaped(picture.name)) (\(Self.escaped(world.folder)))</figcaption></figure>\n"
            }
        }
        let failures = failures
        if !failures.isEmpty {
            body += "<h2>Failures to look at</h2>\n<ul>\n"
            body += failures.map { "<li><pre>\(Self.escaped($0))</pre></li>\n" }.joined() + "</ul>\n"
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Evaluation</title>
            <style>
            :root { color-scheme: light dark; font-family: system-ui, sans-serif; }
            body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
            table { border-collapse: collapse; display: block; overflow-x: auto; }
            th, td { border: 1px solid #8888; padding: .25rem .6rem; text-align: left; vertical-align: top; }
            pre { white-space: pre-wrap; } img { max-width: 100%; image-rendering: pixelated; }
            </style></head>
            <body><h1>Evaluation</h1>
            \(body)</body></html>

            """
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    /// Writes `report.md` and `report.html`, each whole or not at all.
    ///
    /// - Throws: ``BenchmarkError/unwritable(path:)``.
    public func write(to folder: URL) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Data(markdown.utf8).write(to: folder.appending(path: "report.md"), options: .atomic)
            try Data(html.utf8).write(to: folder.appending(path: "report.html"), options: .atomic)
        } catch {
            throw BenchmarkError.unwritable(path: folder.path)
        }
    }
}
