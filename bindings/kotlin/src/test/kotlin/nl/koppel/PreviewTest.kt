package nl.koppel

import kotlinx.coroutines.delay
import org.junit.jupiter.api.AfterAll
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.TestInstance

/** What a notification extension finds. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PreviewTest {
    private val server = RealServer.start()

    @AfterAll
    fun stop() = server.close()

    @Test
    fun `an iPhone keeps the item, other phones do not`() = story {
        TestPhone(kind = DeviceKind.IOS).start().use { phone ->
            phone.pairWith(server, "anna")
            phone.client.stop()
            val item = phone.secrets.get(PushPreview.itemName)
            assertNotNull(item)
            val refused = fails<KoppelException.NotAvailable> { PushPreview.of(ByteArray(2150), item!!) }
            assertEquals("not-for-this-phone", refused.why)
        }
        TestPhone(kind = DeviceKind.ANDROID).start().use { phone ->
            phone.pairWith(server, "bram")
            phone.client.stop()
            assertNull(phone.secrets.get(PushPreview.itemName))
        }
    }

    @Test
    fun `a removed account leaves the item`() = story {
        TestPhone(kind = DeviceKind.IOS).start().use { phone ->
            val account = phone.pairWith(server, "carla")
            while (phone.secrets.get(PushPreview.itemName)!!.size < 200) delay(10)
            val full = phone.secrets.get(PushPreview.itemName)!!.size
            phone.client.remove(account)
            phone.state("removed") { it.accounts.isEmpty() }
            phone.client.stop()
            assertEquals(true, phone.secrets.get(PushPreview.itemName)!!.size < full)
        }
    }

    @Test
    fun `bytes that are no item are said to be damaged, and later ones to be later`() {
        fails<KoppelException.VaultDamaged> { PushPreview.of(ByteArray(2150), ByteArray(3)) }
        fails<KoppelException.UpdateRequired> { PushPreview.of(ByteArray(2150), """{"version":2}""".toByteArray()) }
    }
}
