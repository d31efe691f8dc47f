resource "aws_s3_bucket" "labels" {
  bucket = "parcel-labels"
  acl    = "public-read"
}

resource "aws_security_group" "api" {
  name = "parcel-api"
  ingress {
    from_port   = 22
    to_port     = 22
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
