//! The last thing a phone of a deleted account hears: a signed notice, pushed before its channel ends.

use koppel_domain::{Device, Notice};
use koppel_protocol::Text;
use koppel_protocol::id::NoticeId;
use koppel_protocol::live::ServerFrame;
use koppel_protocol::notice::NoticeKind;

use super::live::text;
use crate::api::device::seal_notice;
use crate::app::App;

/// Tells connected phones that they belong to no account any more, and ends their channels.
pub fn tell(app: &App, devices: &[Device]) {
    for device in devices.iter().filter(|device| app.hub.is_connected(&device.id)) {
        let Ok(id) = app.draw() else { return };
        let notice = Notice {
            id: NoticeId::from_bytes(id),
            device: device.id,
            kind: NoticeKind::Unlinked,
            at: app.now(),
            detail: Text::default(),
            arrived_at: None,
        };
        if let Ok(envelope) = seal_notice(app, device, &notice) {
            app.hub.send(&device.id, text(&ServerFrame::Notice { nid: notice.id, envelope }));
        }
        app.hub.revoke(&device.id);
    }
}
