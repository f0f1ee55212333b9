import Foundation

#if canImport(Glibc)
import Glibc
private let stream = Int32(SOCK_STREAM.rawValue)
#else
import Darwin
private let stream = SOCK_STREAM
#endif

/// HTTP/1.1 on loopback, one request a connection: enough for a test's side of a server.
struct Loopback: Sendable {
    struct Answer: Sendable {
        let status: Int
        let headers: [(name: String, value: String)]
        let body: Data

        func all(_ name: String) -> [String] { headers.filter { $0.name == name }.map(\.value) }
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    struct Broken: Error { let what: String }

    static func call(
        _ method: String, port: UInt16, path: String, headers: [String: String], body: Data? = nil
    ) async throws -> Answer {
        try await onThread {
            let connection = try connect(port)
            defer { close(connection) }
            var head = "\(method) \(path) HTTP/1.1\r\nhost: 127.0.0.1:\(port)\r\nconnection: close\r\n"
            for (name, value) in headers { head += "\(name): \(value)\r\n" }
            if let body { head += "content-length: \(body.count)\r\n" }
            try write(Data((head + "\r\n").utf8) + (body ?? Data()), to: connection)
            var received = Data()
            while let more = read(connection) { received += more }
            return try answer(received)
        }
    }

    /// Answers every request by its body, for as long as the process lives. Returns its port.
    static func serve(_ answer: @escaping @Sendable (Data) -> (Int, Data)) throws -> UInt16 {
        let listener = socket(AF_INET, stream, 0)
        let port = try bound(listener)
        guard listen(listener, 16) == 0 else { throw Broken(what: "listen") }
        Thread.detachNewThread {
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                if let body = request(connection) {
                    let (status, said) = answer(body)
                    let head = "HTTP/1.1 \(status) X\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: \(said.count)\r\n\r\n"
                    try? write(Data(head.utf8) + said, to: connection)
                }
                close(connection)
            }
        }
        return port
    }

    /// A port that nobody listens on.
    static func freePort() throws -> UInt16 {
        let probe = socket(AF_INET, stream, 0)
        defer { close(probe) }
        return try bound(probe)
    }

    private static func bound(_ socket: Int32) throws -> UInt16 {
        var address = loopback(0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw -> Bool in
                bind(socket, raw, length) == 0 && getsockname(socket, raw, &length) == 0
            }
        }
        guard port else { throw Broken(what: "bind") }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private static func connect(_ port: UInt16) throws -> Int32 {
        let connection = socket(AF_INET, stream, 0)
        var address = loopback(port)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connectSocket(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard connected else {
            close(connection)
            throw Broken(what: "nobody listens on \(port)")
        }
        return connection
    }

    private static func write(_ data: Data, to connection: Int32) throws {
        var rest = [UInt8](data)[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, noSignal) }
            guard written > 0 else { throw Broken(what: "send") }
            rest = rest.dropFirst(written)
        }
    }

    private static func read(_ connection: Int32) -> Data? {
        var buffer = [UInt8](repeating: 0, count: 64 * 1024)
        let count = recv(connection, &buffer, buffer.count, 0)
        return count > 0 ? Data(buffer.prefix(count)) : nil
    }

    private static func request(_ connection: Int32) -> Data? {
        var received = Data()
        while let more = read(connection) {
            received += more
            guard let (headers, body) = split(received) else { continue }
            let length = headers.first { $0.name == "content-length" }.flatMap { Int($0.value) } ?? 0
            if body.count >= length { return body }
        }
        return nil
    }

    private static func answer(_ received: Data) throws -> Answer {
        guard let (headers, body) = split(received), let status = Int(String(decoding: received.prefix(12).suffix(3), as: UTF8.self)) else {
            throw Broken(what: "no answer")
        }
        return Answer(status: status, headers: headers, body: body)
    }

    private static func split(_ received: Data) -> ([(name: String, value: String)], Data)? {
        guard let end = received.range(of: Data("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n").dropFirst()
        let headers = lines.compactMap { line -> (name: String, value: String)? in
            guard let colon = line.firstIndex(of: ":") else { return nil }
            return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
        }
        return (headers, Data(received[end.upperBound...]))
    }
}

private let noSignal = Int32(MSG_NOSIGNAL)
private let connectSocket = connect

/// Runs what blocks on a thread that may wait.
func onThread<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}
