package nl.koppel

import java.math.BigInteger
import java.nio.file.Path
import kotlin.io.path.readText
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.boolean
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import nl.koppel.JdkCrypto.b64
import nl.koppel.JdkCrypto.lp
import nl.koppel.JdkCrypto.sha256
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.DynamicTest.dynamicTest
import org.junit.jupiter.api.TestFactory

/** The vectors of the protocol, recomputed by the JDK: what two strangers agree on is what the documents say. */
class VectorsTest {
    private fun vectors(name: String): JsonObject =
        Json.parseToJsonElement(Path.of(System.getProperty("koppel.repository"), "tests/vectors/$name.json").readText()).jsonObject

    private fun JsonObject.cases(holds: (JsonObject) -> Boolean = { true }) = getValue("cases").jsonArray.map { it.jsonObject }.filter(holds)

    private val JsonObject.isValid get() = getValue("valid").jsonPrimitive.boolean

    private fun each(cases: List<JsonObject>, check: (JsonObject) -> Unit): List<DynamicTest> {
        assertTrue(cases.isNotEmpty(), "no case")
        return cases.map { dynamicTest(it.text("name")) { check(it) } }
    }

    @TestFactory
    fun envelopes(): List<DynamicTest> {
        val vectors = vectors("envelope")
        val phone = vectors.getValue("phone").jsonObject
        return each(vectors.cases()) { case ->
            val seal = case["seal"]?.jsonObject ?: phone.getValue("seal").jsonObject
            val scalar = b64(seal.text("scalar"))
            val point = seal["point"]?.jsonPrimitive?.content?.let(::b64) ?: JdkCrypto.pointOf(b64(seal.text("spki")))
            val auth = b64(case["auth"]?.jsonPrimitive?.content ?: phone.text("auth"))
            val body = b64((case["body"] ?: case.getValue("envelope")).jsonPrimitive.content)
            val steps = case["steps"]?.jsonObject
            if (steps != null) {
                val opened = JdkCrypto.open(body, scalar, point, auth)
                val found = mapOf("shared" to opened.shared, "ikm" to opened.ikm, "cek" to opened.cek, "nonce" to opened.nonce)
                for ((step, value) in found) assertEquals(steps.text(step), JdkCrypto.text(value), step)
                case["plaintext"]?.let { assertEquals(it.jsonPrimitive.content, JdkCrypto.text(opened.plain)) }
            }
            if (case.text("kind") != "cipher") {
                val message = runCatching { JdkCrypto.message(body, scalar, point, auth) }
                assertEquals(case.isValid, message.isSuccess, "$message")
                if (case.isValid) assertEquals(case.text("message"), message.getOrThrow())
            }
        }
    }

    @TestFactory
    fun pairings(): List<DynamicTest> {
        val vectors = vectors("pairing")
        val server = JdkCrypto.publicKey(b64(vectors.getValue("server").jsonObject.getValue("key").jsonObject.text("spki")))
        return each(vectors.cases { it.text("kind") == "story" }) { case ->
            val o = case.text("O").toByteArray()
            val (m1, m2) = case.text("m1") to case.text("m2")
            val commitment = sha256("koppel/pair/commit/v1".toByteArray(), lp(o))
            assertEquals(case.text("C"), JdkCrypto.text(commitment))
            assertEquals(case.text("c"), JdkCrypto.text(sha256(m1.toByteArray())))
            assertTrue(JdkCrypto.isSigned(m2, server), "m2")
            assertTrue(JdkCrypto.isSigned(case.text("activation"), server), "activation")
            val transcript = sha256("koppel/pair/v1".toByteArray(), lp(m2.substringBeforeLast('.').toByteArray()), lp(o))
            assertEquals(case.text("T"), JdkCrypto.text(transcript))
            val number = BigInteger(1, JdkCrypto.hkdf(ByteArray(0), transcript, "koppel/pair/check/v1".toByteArray(), 8))
            assertEquals(case.text("check_number"), "%06d".format(number.mod(BigInteger.valueOf(1_000_000))))
            val introduction = Json.parseToJsonElement(b64(case.text("O")).decodeToString()).jsonObject
            val m3 = case.getValue("m3").jsonObject
            for (use in listOf("id", "approve")) {
                val pop = m3["pop_$use"]?.jsonPrimitive?.content ?: continue
                assertTrue(JdkCrypto.isSigned(pop, JdkCrypto.publicKey(b64(introduction.getValue(use).jsonObject.text("spki")))), "pop of $use")
            }
            val sent = Json.parseToJsonElement(m1).jsonObject
            if (sent.text("door") == "link") {
                val k = b64(case.getValue("given").jsonObject.text("k"))
                val id = Json.parseToJsonElement(b64(m2.split('.')[1]).decodeToString()).jsonObject.text("server_id")
                val mac = JdkCrypto.hmac(k, "koppel/pair/link/v1".toByteArray(), lp(id.toByteArray()), lp(b64(sent.text("t"))), lp(commitment))
                assertEquals(sent.text("mac"), JdkCrypto.text(mac))
            }
        }
    }

    @TestFactory
    fun decisions(): List<DynamicTest> {
        val vectors = vectors("decision")
        val phone = vectors.getValue("phone").jsonObject
        return each(vectors.cases { it.isValid }) { case ->
            val decision = case.text("decision")
            assertTrue(JdkCrypto.isSigned(decision, JdkCrypto.publicKey(b64(phone.getValue(case.text("key")).jsonObject.text("spki")))))
            assertEquals(case.text("signing_hash"), JdkCrypto.text(sha256(decision.substringBeforeLast('.').toByteArray())))
            val claims = Json.parseToJsonElement(b64(decision.split('.')[1]).decodeToString()).jsonObject
            assertEquals(claims.text("ch"), JdkCrypto.text(sha256(case.text("challenge").toByteArray())))
        }
    }

    @TestFactory
    fun identities(): List<DynamicTest> = each(vectors("identity").cases { it.isValid }) { case ->
        var key: String? = null
        var link: String? = null
        for (jws in case.getValue("chain").jsonArray.map { it.jsonPrimitive.content }) {
            val claims = Json.parseToJsonElement(b64(jws.split('.')[1]).decodeToString()).jsonObject
            val signer = key ?: claims.text("spki").also { assertEquals(claims.text("server_id"), JdkCrypto.text(sha256(b64(it)))) }
            assertTrue(JdkCrypto.isSigned(jws, JdkCrypto.publicKey(b64(signer))))
            assertEquals(link, claims["prev"]?.jsonPrimitive?.content)
            link = JdkCrypto.text(sha256(jws.substringBeforeLast('.').toByteArray()))
            key = claims.text("spki")
        }
        val believed = case.getValue("identity").jsonObject
        assertEquals(believed.text("key") to believed.text("link"), key to link)
    }

    @TestFactory
    fun messages(): List<DynamicTest> = each(vectors("jws").cases { it.isValid || it.text("step") == "signature" }) { case ->
        val jws = case.text("jws")
        val signed = JdkCrypto.isSigned(jws, JdkCrypto.publicKey(b64(case.text("key"))))
        if (!case.isValid) return@each assertFalse(signed)
        assertTrue(signed)
        assertEquals(case.text("header"), b64(jws.split('.')[0]).decodeToString())
        assertEquals(case.text("payload"), b64(jws.split('.')[1]).decodeToString())
        assertEquals(case.text("signing_hash"), JdkCrypto.text(sha256(jws.substringBeforeLast('.').toByteArray())))
    }

    /** What the library says of the doors that a person types is what the vectors say. */
    @TestFactory
    fun doors(): List<DynamicTest> =
        each(vectors("koppelcode").cases()) { case ->
            val host = runCatching { Invitation.koppelcode(case.text("typed"), "koppel.example.org", "anna").host }
            assertEquals(case.isValid, host.isSuccess, "$host")
        } + each(vectors("link").cases()) { case ->
            val host = runCatching { Invitation.link(case.text("text")).host }
            assertEquals(case.isValid, host.isSuccess, "$host")
            if (case.isValid) assertEquals(case.text("host"), host.getOrThrow())
        } + each(vectors("host").cases()) { case ->
            val host = runCatching { Invitation.koppelcode("0000-0000-0", case.text("typed"), "anna").host }
            assertEquals(case.isValid, host.isSuccess, "$host")
            if (case.isValid) assertEquals(case.text("host"), host.getOrThrow())
        }
}
