import Foundation

/// A `koppel-server` process on loopback with organisation *De Linden* and one panel, seen through the panel's public API.
final class RealServer: @unchecked Sendable {
    static let password = "a-linden-tree-in-may"
    private static let returnURL = "http://127.0.0.1:1/2fa"
    private static let browser = "Mozilla/5.0 (X11; Linux) Firefox/150.0"

    let port: UInt16
    var host: String { "127.0.0.1:\(port)" }
    private let folder: URL
    private var process: Process?
    private var key = ""

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("koppel-server-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        port = try Loopback.freePort()
    }

    /// The server that tests share; each has users of its own.
    static func shared() async throws -> RealServer { try await sharedTask.value }

    private static let sharedTask = Task { try await start() }

    static func start() async throws -> RealServer {
        let server = try RealServer()
        let directory = try directory()
        try await server.command(
            "init", "--organisation", "De Linden", "--public-url", "http://\(server.host)",
            "--directory-url", "http://127.0.0.1:\(directory)/", "--set", "resend_after=20"
        )
        try await server.command(
            "relying-party", "add", "Klantpaneel", "--organisation", "De Linden", "--return-url", returnURL, "--methods", "app"
        )
        server.key = try await server.command("key", "add", "--relying-party", "Klantpaneel", "--scope", "verify,manage,desk")["key"].text
        try await server.restart()
        return server
    }

    /// Whoever types the password is who they say.
    private static func directory() throws -> UInt16 {
        try Loopback.serve { body in
            let question = JSON(body)
            let name = question["login_name"].text
            return (question["password"].text == password ? 200 : 403, JSON(["external_id": name, "display": name]).data)
        }
    }

    // MARK: The process

    /// Runs the server until our end of its standard input closes: also when we end in a sudden way.
    private static let guarded = "\"$@\" </dev/null & exec >/dev/null; cat; kill -9 $!; wait $!"

    private static let program = ProcessInfo.processInfo.environment["KOPPEL_BIN_DIR"].map { "\($0)/koppel-server" } ?? "koppel-server"

    func restart() async throws {
        kill()
        let started = Process()
        started.executableURL = URL(fileURLWithPath: "/bin/sh")
        started.arguments = ["-c", Self.guarded, "sh", Self.program, "serve", "--database", "\(folder.path)/koppel.sqlite", "--listen", host]
        let said = Pipe()
        started.standardInput = Pipe()
        started.standardOutput = said
        let log = folder.appendingPathComponent("server.log")
        _ = FileManager.default.createFile(atPath: log.path, contents: nil)
        started.standardError = try FileHandle(forWritingTo: log)
        try started.run()
        process = started
        let line = try await onThread { String(decoding: said.fileHandleForReading.availableData, as: UTF8.self) }
        guard line.hasPrefix("listening on ") else {
            throw Loopback.Broken(what: "the server did not come up: \(line) \((try? String(contentsOf: log, encoding: .utf8)) ?? "")")
        }
    }

    /// As when its machine loses power.
    func kill() {
        guard let process else { return }
        try? (process.standardInput as? Pipe)?.fileHandleForWriting.close()
        process.waitUntilExit()
        self.process = nil
    }

    @discardableResult
    private func command(_ arguments: String...) async throws -> JSON {
        let folder = folder
        return try await onThread {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Self.program)
            process.arguments = arguments + ["--database", "\(folder.path)/koppel.sqlite", "--json"]
            let said = Pipe()
            process.standardOutput = said
            try process.run()
            let answer = said.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else { throw Loopback.Broken(what: "koppel-server \(arguments)") }
            return JSON(answer)
        }
    }

    // MARK: The panel

    @discardableResult
    func call(_ method: String, _ path: String, _ body: JSON? = nil) async throws -> JSON {
        var headers = ["authorization": "Bearer \(key)", "content-type": "application/json"]
        if method == "POST" { headers["idempotency-key"] = UUID().uuidString }
        let answer = try await Loopback.call(method, port: port, path: path, headers: headers, body: body?.data)
        guard (200..<300).contains(answer.status) else {
            throw Loopback.Broken(what: "\(method) \(path): \(answer.status) \(answer.text)")
        }
        return JSON(answer.body)
    }

    /// A user whose id and login name are the same word.
    func user(_ name: String) async throws { try await call("PUT", "/v1/users/\(name)", ["login_name": name, "display": name]) }

    func koppelcode(_ name: String) async throws -> String { try await call("POST", "/v1/users/\(name)/koppelcodes", Self.desk)["code"].text }

    /// The link of the set-up page that a browser sees.
    func link(_ name: String) async throws -> String {
        var (body, _) = login(name, mode: nil, purpose: "enrol")
        body["return_url"] = Self.returnURL
        body["state"] = "state"
        let begun = try await call("POST", "/v1/prompts", JSON(body))["url"].text
        var path = begun.replacingOccurrences(of: "http://\(host)", with: "")
        var cookies: [String] = []
        for _ in 0..<5 {
            let page = try await browse(path, cookies)
            guard (300..<400).contains(page.status) else { return try Self.link(on: page.text) }
            cookies += page.all("set-cookie").map { String($0.prefix { $0 != ";" }) }
            path = page.all("location")[0].replacingOccurrences(of: "http://\(host)", with: "")
        }
        throw Loopback.Broken(what: "the page leads in circles")
    }

    private static func link(on page: String) throws -> String {
        guard let field = page.range(of: "<textarea[^>]*>[^<]+</textarea>", options: .regularExpression) else {
            throw Loopback.Broken(what: "no link on \(page)")
        }
        let text = page[field].drop { $0 != ">" }.dropFirst().prefix { $0 != "<" }
        return text.replacingOccurrences(of: "&amp;", with: "&").replacingOccurrences(of: "&#38;", with: "&")
            .trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private func browse(_ path: String, _ cookies: [String]) async throws -> Loopback.Answer {
        var headers = [
            "accept": "text/html", "accept-language": "en", "user-agent": Self.browser,
            "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "sec-fetch-site": "same-origin",
        ]
        if !cookies.isEmpty { headers["cookie"] = cookies.joined(separator: "; ") }
        return try await Loopback.call("GET", port: port, path: path, headers: headers)
    }

    /// The desk types the number that the owner of the new phone reads out.
    func confirm(_ name: String, _ checkNumber: String) async throws {
        let pending = try await call("GET", "/v1/users/\(name)")["pending_pairings"].list[0]["id"].text
        var body = Self.desk.fields
        body["check_number"] = checkNumber
        try await call("POST", "/v1/users/\(name)/pairings/\(pending)/confirm", JSON(body))
    }

    /// A login that a panel began.
    struct Login: Sendable {
        let id: String
        let number: String?
        let secret: String
    }

    func challenge(_ name: String, _ mode: String) async throws -> Login {
        let (body, secret) = login(name, mode: mode, purpose: "login")
        let answer = try await call("POST", "/v1/challenges", JSON(body))
        return Login(id: answer["id"].text, number: answer["number"].optional, secret: secret)
    }

    func state(of login: Login) async throws -> String { try await call("GET", "/v1/challenges/\(login.id)")["state"].text }

    func check(_ login: Login, _ code: String) async throws -> JSON {
        try await call("POST", "/v1/challenges/\(login.id)/check", ["v": login.secret, "code": code])
    }

    func consume(_ login: Login) async throws -> JSON { try await call("POST", "/v1/challenges/\(login.id)/consume", ["v": login.secret]) }

    private func login(_ name: String, mode: String?, purpose: String) -> ([String: Any], String) {
        let secret = Data((0..<32).map { _ in UInt8.random(in: 0...255) })
        var body: [String: Any] = [
            "user": ["external_id": name, "login_name": name],
            "purpose": purpose,
            "binding": Crypto.sha256(secret).base64URL,
            "browser": ["ip": purpose == "enrol" ? "127.0.0.1" : "192.0.2.7", "user_agent": Self.browser],
            "first_factor_at": Int(Date().timeIntervalSince1970),
        ]
        body["mode"] = mode
        return (body, secret.base64URL)
    }

    private static let desk: JSON = ["agent": "agent 7", "reason": "caller verified", "ticket": "T-1"]
}
