import Foundation

/// A JSON value, read by what a test expects of it.
struct JSON: @unchecked Sendable, ExpressibleByDictionaryLiteral {
    private let value: Any?

    init(_ value: Any?) { self.value = value }
    init(_ text: Data) { value = try? JSONSerialization.jsonObject(with: text, options: .fragmentsAllowed) }
    init(dictionaryLiteral elements: (String, Any)...) { value = Dictionary(uniqueKeysWithValues: elements) }

    subscript(_ name: String) -> JSON { JSON(fields[name]) }

    var fields: [String: Any] { value as? [String: Any] ?? [:] }
    var list: [JSON] { (value as? [Any] ?? []).map { JSON($0) } }
    var optional: String? { value as? String }
    var text: String { optional ?? "" }
    var isTrue: Bool { value as? Bool ?? false }
    var isThere: Bool { value != nil && !(value is NSNull) }
    var data: Data { (try? JSONSerialization.data(withJSONObject: value ?? [:])) ?? Data() }
}

extension Data {
    /// Base64 for addresses, without padding (RFC 4648 section 5).
    var base64URL: String {
        base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
    }

    init(base64URL text: String) {
        let plain = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        self = Data(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4)) ?? Data()
    }
}
