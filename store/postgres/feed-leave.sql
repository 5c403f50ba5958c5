-- An ingress reads no more.
-- $1 ingress
DELETE FROM feed_reader WHERE ingress = $1
