//! The tags of a pipeline that goes.

use pipelinectl::operations::retire::{Removal, StandingTag, TagFate, remove_tags, standing_tags};

use super::*;

async fn standing(world: &World) -> Vec<StandingTag> {
    let read = standing_tags(&world.session, &world.services, &world.registry, TAG, &*world.lines).await;
    read.expect("every repository can be read")
}

#[tokio::test]
async fn what_changed_since_it_was_shown_is_left_alone() {
    let (world, digests) = World::seeded(4).await;
    for (n, digest) in digests.iter().enumerate() {
        assert_eq!(world.push(n, "first", Kind::Docker, &[TAG]), *digest);
    }
    let seen = standing(&world).await;
    assert!(seen.iter().all(|tag| tag.fate(true) == TagFate::Removed), "{seen:?}");
    let moved = world.push(0, "second", Kind::Oci, &[TAG]);
    for tag in ["latest".to_owned(), format!("ref.{COMMIT}")] {
        world.untag(1, &tag);
    }
    world.untag(2, TAG);
    let done = remove_tags(&world.session, TAG, &seen, true, &Permit::always(), &*world.lines).await;
    let wanted = [Removal::Moved(moved), Removal::As(TagFate::Stays), Removal::As(TagFate::Absent)];
    assert_eq!(done[..3], wanted, "{done:?}");
    assert_eq!(done[3], Removal::As(TagFate::Removed));
    assert_eq!(world.digest(1).as_ref(), Some(&digests[1]), "an image that was not shown to go stays");
    assert!(world.digest(0).is_some() && world.digest(2).is_none() && world.digest(3).is_none());
    assert_eq!(world.tagged(3, "latest").map(|image| image.digest), Some(digests[3].to_string()));
}

#[tokio::test]
async fn a_repository_is_read_once_however_many_services_share_it() {
    let (mut world, _) = World::seeded(1).await;
    let other = Service { name: "other".to_owned(), ..world.services[0].clone() };
    world.services.push(other);
    let seen = standing(&world).await;
    assert_eq!((seen.len(), seen[0].services.len(), seen[0].fate(true)), (1, 2, TagFate::Absent));
    assert_eq!(world.count("DescribeImages"), 1);
}
